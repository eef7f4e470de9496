import { compile, type HostTensor, hostTensor, RandomStream, type Tensor } from "@quire/tensor";
import { describe, expect, test } from "vitest";
import { Attention, type AttentionOptions } from "./attention.ts";
import { type AttentionBias, alibi, localWindow } from "./attention-bias.ts";
import { normal } from "./initial.ts";
import { initialize } from "./model.ts";
import { fused, separate } from "./projections.ts";
import { rotary } from "./rotary.ts";
import { expectNear } from "./testing/near.ts";
import { checkSlopes, draws } from "./testing/slopes.ts";

const [batch, length, width, heads] = [2, 5, 8, 2];

function seeded(options: Partial<AttentionOptions> = {}): Attention {
  const model = new Attention({ width, heads, ...options });
  initialize(model, 4);
  return model;
}

function run(model: Attention, x: HostTensor, mask?: HostTensor): Promise<HostTensor> {
  if (!mask) return compile((x: Tensor) => model.forward(x))(x);
  const masked = compile((x: Tensor, mask: Tensor) => model.forward(x, undefined, { mask }));
  return masked(x, mask);
}

/** Attention with loops, from the weights of a model with separate layers. */
async function byHand(
  model: Attention,
  x: HostTensor,
  score: (head: number, query: number, key: number) => number,
): Promise<number[]> {
  const state = new Map<string, number[]>();
  for (const [path, variable] of model.namedState()) {
    state.set(path, (await variable.get()).toArray());
  }
  const apply = (name: string, row: readonly number[]): number[] => {
    const [weight, bias] = [state.get(`${name}.weight`) ?? [], state.get(`${name}.bias`) ?? []];
    return bias.map((start, out) =>
      row.reduce((sum, value, i) => sum + value * (weight[out * row.length + i] as number), start),
    );
  };
  const rows = Array.from({ length: batch * length }, (_, i) =>
    x.toArray().slice(i * width, (i + 1) * width),
  );
  const [q, k, v] = ["query", "key", "value"].map((name) => rows.map((row) => apply(name, row)));
  const size = width / heads;
  return rows.flatMap((_, at) => {
    const first = at - (at % length);
    const mixed = Array.from({ length: width }, (_, column) => {
      const head = Math.floor(column / size);
      const weights = Array.from({ length }, (_, key) => {
        let product = 0;
        for (let i = head * size; i < (head + 1) * size; i++) {
          product += (q?.[at]?.[i] as number) * (k?.[first + key]?.[i] as number);
        }
        return Math.exp(product / Math.sqrt(size) + score(head, at % length, key));
      });
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      return weights.reduce(
        (sum, weight, key) => sum + (weight / total) * (v?.[first + key]?.[column] as number),
        0,
      );
    });
    return apply("output", mixed);
  });
}

const hidden = Number.NEGATIVE_INFINITY;
const x = draws([batch, length, width]);

describe("the same numbers as loops", () => {
  const cases: [string, Partial<AttentionOptions>, Parameters<typeof byHand>[2]][] = [
    ["to all", {}, () => 0],
    ["causal", { causal: true }, (_, query, key) => (key > query ? hidden : 0)],
    [
      "alibi",
      { bias: alibi },
      (head, query, key) => -(2 ** (-4 * (head + 1))) * Math.abs(query - key),
    ],
    [
      "a local window",
      { bias: localWindow(1) },
      (_, query, key) => (Math.abs(query - key) > 1 ? hidden : 0),
    ],
  ];
  test.each(cases)("%s", async (_, options, score) => {
    const model = seeded(options);
    expectNear(await run(model, x), x.shape, await byHand(model, x, score), 1e-5);
  });

  test("a caller's mask hides keys, alone and with a bias of either kind", async () => {
    const seen = [1, 1, 0, 1, 0];
    const mask = hostTensor(Uint8Array.from(seen), [1, 1, 1, length], "bool");
    const cases: [AttentionBias | undefined, Parameters<typeof byHand>[2]][] = [
      [undefined, () => 0],
      [alibi, (head, query, key) => -(2 ** (-4 * (head + 1))) * Math.abs(query - key)],
      [localWindow(3), (_, query, key) => (Math.abs(query - key) > 3 ? hidden : 0)],
    ];
    for (const [bias, score] of cases) {
      const model = seeded(bias ? { bias } : {});
      const wanted = await byHand(model, x, (head, query, key) =>
        seen[key] === 0 ? hidden : score(head, query, key),
      );
      expectNear(await run(model, x, mask), x.shape, wanted, 1e-5);
    }
  });
});

test("fused projections are the separate ones in a row", async () => {
  const [apart, together] = [seeded(), seeded({ projections: fused() })];
  const of = new Map(apart.namedState());
  for (const [path, variable] of together.namedState()) {
    const kind = path.split(".").at(-1) as string;
    const sources = path.startsWith("output") ? ["output"] : ["query", "key", "value"];
    const parts = await Promise.all(sources.map((name) => of.get(`${name}.${kind}`)?.get()));
    await variable.set(
      hostTensor(
        parts.flatMap((part) => part?.toArray() ?? []),
        variable.shape,
      ),
    );
  }
  const wanted = await run(apart, x);
  expectNear(await run(together, x), wanted.shape, wanted.toArray());
});

test("shared keys and values are the same ones for every head of a group", async () => {
  const shared = seeded({ heads: { count: 4, keyValue: 2 } });
  const apart = seeded({ heads: 4 });
  const of = new Map(shared.namedState());
  const size = width / 4;
  for (const [path, variable] of apart.namedState()) {
    const value = (await of.get(path)?.get()) as HostTensor;
    const rows = value.toArray();
    const column = value.shape[1] ?? 1;
    const head = (i: number) => rows.slice(i * size * column, (i + 1) * size * column);
    const isShared = /^(key|value)/.test(path);
    const repeated = isShared ? [0, 0, 1, 1].flatMap(head) : rows;
    await variable.set(hostTensor(repeated, variable.shape));
  }
  const wanted = await run(apart, x);
  expectNear(await run(shared, x), wanted.shape, wanted.toArray());
});

test("rotary positions turn planes of queries and keys by position times speed", async () => {
  const turned = rotary({ base: 100 });
  const places = hostTensor([0, 1, 2, 3, 4, 9, 8, 7, 6, 5], [batch, length], "int32");
  const [plain, placed] = [
    await compile((x: Tensor) => turned.forward(x, 4))(x),
    await compile((x: Tensor, at: Tensor) => turned.forward(x, 4, at))(x, places),
  ];
  const wanted = (positions: readonly number[]) =>
    x.toArray().map((value, i, values) => {
      const [place, token] = [i % 4, Math.floor(i / width)];
      const angle = (positions[token] as number) * (place % 2 === 0 ? 1 : 0.1);
      const other = place < 2 ? -(values[i + 2] as number) : (values[i - 2] as number);
      return value * Math.cos(angle) + other * Math.sin(angle);
    });
  const inOrder = Array.from({ length: batch * length }, (_, i) => i % length);
  expectNear(plain, x.shape, wanted(inOrder), 1e-5);
  expectNear(placed, x.shape, wanted(places.toArray()), 1e-5);
});

test("attends across to a context of another width and length", async () => {
  const model = seeded({ contextWidth: 3, heads: { count: heads, width: 5 } });
  expect(model.namedState().map(([path, { shape }]) => [path, shape])).toEqual([
    ["query.weight", [10, 8]],
    ["query.bias", [10]],
    ["key.weight", [10, 3]],
    ["key.bias", [10]],
    ["value.weight", [10, 3]],
    ["value.bias", [10]],
    ["output.weight", [8, 10]],
    ["output.bias", [8]],
  ]);
  const cross = compile((x: Tensor, context: Tensor) => model.forward(x, undefined, { context }));
  const one = await cross(x, draws([batch, 1, 3]));
  const same = one.toArray();
  // With one key every query gets its value.
  expectNear(
    one,
    x.shape,
    same.map((_, i) => same[Math.floor(i / (length * width)) * length * width + (i % width)] ?? 0),
  );
});

test("its gradients are right", async () => {
  const make = (options: Partial<AttentionOptions>): Attention =>
    new Attention({ width, heads, ...options });
  for (const model of [
    make({ causal: true, bias: alibi }),
    make({ projections: fused({ bias: false, initial: normal(0.5) }) }),
    make({ causal: true, heads: { count: 2, keyValue: 1 }, rotary: rotary() }),
  ]) {
    await checkSlopes(model, (input) => model.forward(input), x);
  }
});

test("drops weights in training only, and only with a stream", async () => {
  const model = seeded({ dropout: 0.5 });
  const plain = (await run(model, x)).toArray();
  const without = compile((x: Tensor) => model.forward(x, { training: true }));
  expect((await without(x)).toArray()).toEqual(plain);
  const random = new RandomStream(1);
  const training = compile((x: Tensor) => model.forward(x, { training: true, random }));
  const first = (await training(x)).toArray();
  expect(first).not.toEqual(plain);
  expect((await training(x)).toArray()).not.toEqual(first);
});

test("says what does not fit", () => {
  expect(() => new Attention({ width: 10, heads: 4 })).toThrow(
    "Attention: the width 10 does not divide into 4 heads; change one, or give the heads' width.",
  );
  expect(() => new Attention({ width: 8, heads: { count: 4, keyValue: 3 } })).toThrow(
    "Attention: 4 heads of queries do not share 3 heads of keys evenly; change one.",
  );
  expect(
    () => new Attention({ width: 8, heads: 2, contextWidth: 4, projections: fused() }),
  ).toThrow(
    "Attention: fused() projections need one width, got 8 and a context of 4; use separate().",
  );
  expect(separate({ bias: false })).toEqual({ layout: "separate", bias: false });
});
