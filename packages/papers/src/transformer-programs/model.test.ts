import { readFileSync } from "node:fs";
import { countParameters, initialize, softChoice } from "@quire/nn";
import {
  compile,
  exportOnnx,
  gradients,
  type HostTensor,
  hostTensor,
  Random,
  RandomStream,
  type Tensor,
} from "@quire/tensor";
import { adamW, crossEntropy, loadModel, modelTensors } from "@quire/train";
import { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import { describe, expect, test } from "vitest";
import type { SequenceTarget } from "../tasks/sequence-target.ts";
import { nearestBias } from "./distance.ts";
import { build, type TransformerProgramOptions } from "./model.ts";
import { paper } from "./paper.ts";
import { StandardTransformer, standardOptions } from "./standard.ts";

const references = JSON.parse(
  readFileSync(new URL("../../references/transformer-programs.json", import.meta.url), "utf8"),
) as { readonly counts: Readonly<Record<string, number>> };

const options: TransformerProgramOptions = {
  tokens: { categorical: "token", numbers: 1, numerical: "ones" },
  depth: 1,
  heads: { categorical: 2, numerical: 2, kind: "predicate", tieBreak: "nearest" },
  lookups: { categorical: 1, numerical: 1, reads: 2, hidden: 8, activation: "gelu" },
  readsNumbers: true,
  relaxation: { kind: "gumbel", from: 3, to: 0.1, schedule: "geometric" },
};
const target: SequenceTarget = {
  vocabulary: 5,
  labels: 3,
  length: 6,
  kind: "tagging",
  causal: false,
};

function sequences(count: number, seed = 1): HostTensor<"int32"> {
  const random = new Random(seed);
  const ids = Array.from({ length: count * 6 }, () => 1 + random.integer(4));
  for (let row = 0; row < count; row += 2) ids[row * 6 + 5] = 0;
  return hostTensor(ids, [count, 6], "int32");
}

describe("presets", () => {
  test.each(Object.entries(paper.presets).filter(([, preset]) => preset.parameters !== undefined))(
    "%s has as many parameters as the official code counts",
    (name, preset) => {
      expect(preset.parameters).toBe(references.counts[name]);
      expect(countParameters(build(preset.options, preset.target))).toBe(preset.parameters);
    },
  );

  test("all presets can be built", () => {
    for (const preset of Object.values(paper.presets)) {
      expect(countParameters(build(preset.options, preset.target))).toBeGreaterThan(100);
    }
  });
});

describe("the network", () => {
  test("trained choices are made: features are ones and zeros, so two runs of training differ and inference does not", async () => {
    const model = build(options, target);
    initialize(model, 1);
    const ids = sequences(4);
    const run = compile((x: Tensor) => model.forward(x));
    expect((await run(ids)).toArray()).toEqual((await run(ids)).toArray());
    const random = new RandomStream(3);
    const drawn = compile((x: Tensor) => model.forward(x, { training: true, random }));
    expect((await drawn(ids)).toArray()).not.toEqual((await drawn(ids)).toArray());
  });

  test("as the temperature falls, a relaxed network becomes the one that makes its choices", async () => {
    // Causal, for of two places at one distance softmax reads both.
    const model = build(options, { ...target, causal: true });
    initialize(model, 1);
    const ids = hostTensor([1, 2, 3, 4, 2, 3, 2, 2, 4, 1, 3, 4], [2, 6], "int32");
    const hard = (await compile((x: Tensor) => model.forward(x))(ids)).toArray();
    const distances: number[] = [];
    for (const temperature of [3, 0.1, 1e-4]) {
      const soft = await compile((x: Tensor) =>
        model.forward(x, undefined, softChoice(temperature)),
      )(ids);
      distances.push(
        Math.max(...soft.toArray().map((value, i) => Math.abs(value - (hard[i] as number)))),
      );
    }
    expect(distances[0]).toBeGreaterThan(0.1);
    expect(distances[2]).toBeLessThan(1e-3);
    expect(distances[1]).toBeLessThan(distances[0] as number);
  });

  test("what fills up is not seen, and causal programs do not see what comes later", async () => {
    for (const causal of [false, true]) {
      const model = build(options, { ...target, causal });
      initialize(model, 4);
      const run = compile((x: Tensor) => model.forward(x));
      const whole = hostTensor([1, 2, 3, 4, 2, 3], [1, 6], "int32");
      const changed = hostTensor([1, 2, 3, 4, 4, 2], [1, 6], "int32");
      const short = hostTensor([1, 2, 3, 4], [1, 4], "int32");
      const filled = hostTensor([1, 2, 3, 4, 0, 0], [1, 6], "int32");
      const first = async (ids: HostTensor): Promise<number[]> =>
        (await run(ids as HostTensor<"int32">)).toArray().slice(0, 4 * 3);
      expect(await first(filled)).toEqual(await first(short));
      if (causal) expect(await first(changed)).toEqual(await first(whole));
    }
  });

  test("biases by distance: itself last, the nearest first, the earlier of two", () => {
    expect(nearestBias(4).map((bias) => Math.round(1000 * bias))).toEqual([
      -2000, 0, -500, -1000, -1000, -667, -333, 0,
    ]);
  });

  test("its parameters' gradients are slopes of the loss", async () => {
    const model = build({ ...options, heads: { ...options.heads, tieBreak: "learned" } }, target);
    initialize(model, 5);
    const ids = sequences(3);
    const labels = hostTensor(
      Array.from({ length: 18 }, (_, i) => i % 3),
      [3, 6],
      "int32",
    );
    const slopes = compile((x: Tensor, y: Tensor) => {
      const loss = crossEntropy(model.forward(x, undefined, softChoice(1.5)), y);
      return [loss, ...gradients(loss, model.parameters())];
    });
    const [, ...found] = await slopes(ids, labels);
    const start = await modelTensors(model);
    const random = new Random(7);
    const directions = new Map(
      model
        .namedParameters()
        .map(([path]) => [
          path,
          Array.from({ length: (start.get(path) as HostTensor).data.length }, () =>
            random.normal(),
          ),
        ]),
    );
    const claimed = model.namedParameters().reduce((all, [path], place) => {
      const direction = directions.get(path) as number[];
      const slope = (found[place] as HostTensor).toArray();
      return all + slope.reduce((sum, g, i) => sum + g * (direction[i] as number), 0);
    }, 0);
    const at = async (step: number): Promise<number> => {
      const moved = [...start].map(([path, value]): [string, HostTensor] => {
        const direction = directions.get(path);
        if (!direction) return [path, value];
        const values = value.toArray().map((v, i) => v + step * (direction[i] as number));
        return [path, hostTensor(values, value.shape)];
      });
      await loadModel(model, new Map(moved));
      return ((await slopes(ids, labels))[0] as HostTensor).item();
    };
    const measured = ((await at(1e-3)) - (await at(-1e-3))) / 2e-3;
    expect(Math.abs(claimed - measured)).toBeLessThan(0.02 * Math.abs(measured));
  });

  test("it learns one batch by heart, and its choices with it", async () => {
    const model = build(options, target);
    initialize(model, 2);
    model.prepare(150);
    const optimizer = adamW(model.parameters(), { learningRate: 0.05, weightDecay: 0 });
    const random = new RandomStream(1);
    const step = compile((x: Tensor, y: Tensor) => {
      optimizer.minimize(crossEntropy(model.forward(x, { training: true, random }), y));
      return {};
    });
    const ids = hostTensor([1, 2, 3, 4, 2, 3, 1, 4, 4, 2, 3, 2], [2, 6], "int32");
    // The label of a token says which it is.
    const labels = hostTensor([0, 1, 2, 0, 1, 2, 0, 0, 0, 1, 2, 1], [2, 6], "int32");
    for (let i = 0; i < 150; i++) await step(ids, labels);
    const loss = compile((x: Tensor, y: Tensor) => crossEntropy(model.forward(x), y));
    expect((await loss(ids, labels)).item()).toBeLessThan(0.02);
    expect((await model.temperature.step.get()).item()).toBe(150);
  });

  test("its ONNX file gives the same logits for batches of 1 and 5", async () => {
    const model = build(options, target);
    initialize(model, 4);
    const exported = await exportOnnx((ids) => ({ logits: model.forward(ids) }), {
      inputs: { ids: { shape: ["batch", 6], dtype: "int32" } },
    });
    const session = await InferenceSession.create(exported.model);
    const run = compile((x: Tensor) => model.forward(x));
    for (const count of [1, 5]) {
      const ids = sequences(count);
      const { logits } = await session.run({ ids: new OrtTensor("int32", ids.data, [count, 6]) });
      const wanted = (await run(ids)).toArray();
      const got = Array.from(logits?.data as Float32Array);
      expect(got.length).toBe(wanted.length);
      expect(
        Math.max(...got.map((value, i) => Math.abs(value - (wanted[i] as number)))),
      ).toBeLessThan(1e-5);
    }
  });

  test("more tokens or places than a variable has values are refused", () => {
    expect(() => build({ ...options, cardinality: 5 }, target)).toThrow(
      /^sequences of 6 tokens do not fit variables of 5 values: choose a cardinality of at least 6, or shorter sequences\.$/,
    );
    expect(() => build({ ...options, cardinality: 6 }, { ...target, vocabulary: 7 })).toThrow(
      /^7 different tokens do not fit variables of 6 values: choose a cardinality of at least 7, or a preset that learns variables of tokens\.$/,
    );
  });
});

test("the standard transformer has the parameters asked for within a fifth, and does not see what fills up", async () => {
  const wanted = countParameters(build(options, target));
  const standard = new StandardTransformer(
    standardOptions(wanted, { depth: 1, heads: 2 }, target),
    target,
  );
  expect(Math.abs(countParameters(standard) / wanted - 1)).toBeLessThan(0.2);
  initialize(standard, 1);
  const run = compile((x: Tensor) => standard.forward(x));
  const filled = (await run(hostTensor([1, 2, 3, 0, 0, 0], [1, 6], "int32"))).toArray();
  const short = (await run(hostTensor([1, 2, 3], [1, 3], "int32"))).toArray();
  for (const [i, value] of short.entries()) expect(filled[i]).toBeCloseTo(value, 5);
});
