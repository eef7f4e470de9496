import {
  Division,
  type DivisionOptions,
  initialize,
  type Module,
  shardOf,
  wholeOf,
} from "@quire/nn";
import {
  collectivesInOneProcess,
  compile,
  gradients,
  type HostTensor,
  hostTensor,
  Random,
  type Tensor,
} from "@quire/tensor";
import { describe, expect, test } from "vitest";
import { build, MegatronBert, MegatronGpt, type MegatronOptions } from "./model.ts";

const options: MegatronOptions = { width: 16, depth: 2, heads: 4, dropout: 0 };
/** A vocabulary that no number of processes divides. */
const target = { vocabulary: 301, context: 8 };
const [B, T] = [2, 8];

function ints(seed: number, below: number, shape: readonly number[]): HostTensor<"int32"> {
  const random = new Random(seed);
  const count = shape.reduce((product, size) => product * size, 1);
  const values = Array.from({ length: count }, () => Math.floor(random.uniform() * below));
  return hostTensor(values, shape, "int32");
}

const mode = { training: true };
const kinds = {
  gpt: {
    make: (own: MegatronOptions, division?: Division): Module =>
      new MegatronGpt(own, target, division),
    batch: [ints(1, 301, [B, T]), ints(2, 301, [B, T])],
    loss: (model: Module, [ids, next]: readonly Tensor[]) =>
      (model as MegatronGpt).loss(ids as Tensor, next as Tensor, mode),
  },
  bert: {
    make: (own: MegatronOptions, division?: Division): Module =>
      new MegatronBert(own, target, division),
    batch: [
      ints(1, 301, [B, T]),
      ints(2, 2, [B, T]),
      ints(3, 301, [B, T]),
      hostTensor(
        Array.from({ length: B * T }, (_, i) => Number(i % 3 === 1)),
        [B, T],
        "bool",
      ),
      ints(4, 2, [B]),
    ],
    loss: (model: Module, batch: readonly Tensor[]) => {
      const [ids, sentences, labels, gaps, order] = batch as [
        Tensor,
        Tensor,
        Tensor,
        Tensor,
        Tensor,
      ];
      return (model as MegatronBert).loss({ ids, sentences, labels, gaps, order }, mode);
    },
  },
};

type Kind = keyof typeof kinds;

/** The loss and every parameter's gradient, whole. */
async function step(
  kind: Kind,
  own: MegatronOptions,
  division?: Division,
): Promise<Map<string, number[]>> {
  const { make, batch, loss } = kinds[kind];
  const model = make(own, division);
  initialize(model, 3);
  const run = compile((...fed: Tensor[]) => {
    const value = loss(model, fed);
    return [value, ...gradients(value, model.parameters())];
  });
  const [value, ...slopes] = await run(...batch);
  const found = new Map([["loss", (value as HostTensor).toArray()]]);
  for (const [i, [path, parameter]] of model.namedParameters().entries()) {
    const shard = shardOf(parameter);
    const slope = slopes[i] as HostTensor;
    found.set(path, (shard ? await wholeOf(shard, slope) : slope).toArray());
  }
  // Rows that no token has are no part of the model.
  for (const path of ["embeddings.tokens.weight", "embeddings.tokens.bias"]) {
    const width = path.endsWith("bias") ? 1 : 16;
    const slope = found.get(path);
    if (slope) found.set(path, slope.slice(0, 301 * width));
  }
  return found;
}

function divided(kind: Kind, size: number, own: MegatronOptions, how?: DivisionOptions) {
  return Promise.all(
    collectivesInOneProcess(size).map((group) => step(kind, own, new Division(group, how))),
  );
}

test("where gaps are to be filled it is a BERT, which tells the order of pairs unless told not to", () => {
  const masked = { ...target, objective: "masked" } as const;
  const bert = build(options, masked) as MegatronBert;
  expect(bert).toBeInstanceOf(MegatronBert);
  expect([bert.objective, bert.readsPairs, bert.length]).toEqual(["masked", true, 8]);
  const plain = build({ ...options, bert: { tellsOrder: false, sentences: 0 } }, masked);
  expect((plain as MegatronBert).readsPairs).toBe(false);
  const paths = plain.namedParameters().map(([path]) => path);
  expect(paths.filter((path) => /^(order|pooler)|sentences/.test(path))).toEqual([]);
  expect(build(options, target)).toBeInstanceOf(MegatronGpt);
});

describe("a model that processes divide", () => {
  test.each([
    ["gpt", 2, {}, {}],
    ["gpt", 4, {}, {}],
    ["gpt", 4, {}, { sequence: true }],
    ["gpt", 2, { recompute: true }, { sequence: true }],
    ["bert", 2, {}, {}],
    ["bert", 4, { recompute: true }, {}],
    ["bert", 2, {}, { sequence: true }],
  ] as const)(
    "%s on %i, %j %j, has the loss and all gradients of the whole",
    async (kind, size, more, how) => {
      const whole = await step(kind, options);
      const scale = Math.max(...[...whole.values()].flat().map(Math.abs));
      for (const part of await divided(kind, size, { ...options, ...more }, how)) {
        expect([...part.keys()]).toEqual([...whole.keys()]);
        for (const [path, values] of whole) {
          const got = part.get(path) as number[];
          const largest = Math.max(...values.map(Math.abs));
          const apart = values.map((value, i) => Math.abs(value - (got[i] as number)));
          // Gradients of the keys' biases are 0 but for rounding.
          expect(Math.max(...apart), path).toBeLessThan(1e-5 * Math.max(largest, 1e-3 * scale));
        }
      }
    },
  );
});
