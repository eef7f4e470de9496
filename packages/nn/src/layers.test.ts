import {
  compile,
  type HostTensor,
  hostTensor,
  RandomStream,
  type Tensor,
  type Variable,
} from "@quire/tensor";
import { describe, expect, test } from "vitest";
import { Convolution } from "./convolution.ts";
import { Dropout } from "./dropout.ts";
import { Embedding } from "./embedding.ts";
import { Encoder } from "./encoder.ts";
import { FeedForward, geglu, glu, swiglu } from "./feed-forward.ts";
import { LayerNorm } from "./layer-norm.ts";
import { Linear } from "./linear.ts";
import { initialize } from "./model.ts";
import type { Mode, Module } from "./module.ts";
import { PatchEmbedding } from "./patch-embedding.ts";
import { AdaptiveAveragePool, AveragePool, MaxPool } from "./pooling.ts";
import { LearnedPositions, SinePositions } from "./positions.ts";
import { separate } from "./projections.ts";
import { SequencePooling } from "./sequence-pooling.ts";
import { linearRates, StochasticDepth } from "./stochastic-depth.ts";
import { expectNear } from "./testing/near.ts";
import { checkSlopes, draws } from "./testing/slopes.ts";
import { TransformerBlock } from "./transformer-block.ts";

interface Runs extends Module {
  forward(x: Tensor, mode?: Mode): Tensor;
}

function run(model: Runs, x: HostTensor, mode?: Mode): Promise<HostTensor> {
  return compile((input: Tensor) => model.forward(input, mode))(x);
}

function placed(model: LearnedPositions | SinePositions, x: HostTensor): Promise<HostTensor> {
  return compile((input: Tensor) => model.forward(input))(x);
}

async function set(variable: Variable | undefined, values: readonly number[]): Promise<void> {
  if (variable) await variable.set(hostTensor(values, variable.shape));
}

function paths(model: Module): string[] {
  return model.namedState().map(([path, { shape }]) => `${path} [${shape.join(",")}]`);
}

describe("linear", () => {
  test("multiplies by a weight [out, in] and adds a bias", async () => {
    const model = new Linear({ in: 2, out: 3 });
    await set(model.weight, [1, 2, 3, 4, 5, 6]);
    await set(model.bias, [0, 10, 20]);
    const y = await run(model, hostTensor([1, 1, 2, 0], [1, 2, 2]));
    expectNear(y, [1, 2, 3], [3, 17, 31, 2, 16, 30]);
    expect(paths(new Linear({ in: 2, out: 3, bias: false }))).toEqual(["weight [3,2]"]);
  });

  test("starts as PyTorch starts it, within 1/√inputs", async () => {
    const model = new Linear({ in: 100, out: 50 });
    initialize(model, 1);
    for (const [path, variable] of model.namedState()) {
      const values = (await variable.get()).toArray().map(Math.abs);
      expect(Math.max(...values), path).toBeLessThanOrEqual(0.1);
      expect(Math.max(...values), path).toBeGreaterThan(0.09);
    }
  });
});

test("embedding looks rows up", async () => {
  const model = new Embedding({ count: 3, width: 2 });
  await set(model.weight, [1, 2, 3, 4, 5, 6]);
  const y = await run(model, hostTensor([2, 0, 2], [3], "int32"));
  expectNear(y, [3, 2], [5, 6, 1, 2, 5, 6]);
});

test("layer normalisation centres, divides, scales and shifts rows", async () => {
  const model = new LayerNorm({ width: 2, epsilon: 0 });
  await set(model.weight, [1, 3]);
  await set(model.bias, [0, 1]);
  expectNear(await run(model, hostTensor([2, 4, 9, 5], [2, 2])), [2, 2], [-1, 4, 1, -2]);
  expect(paths(new LayerNorm({ width: 2, bias: false }))).toEqual(["weight [2]"]);
});

describe("feed-forward", () => {
  const x = draws([3, 4]);

  test("keeps its paths, with a gate and without", () => {
    expect(paths(new FeedForward({ width: 4 }))).toEqual([
      "expand.weight [16,4]",
      "expand.bias [16]",
      "contract.weight [4,16]",
      "contract.bias [4]",
    ]);
    expect(
      paths(new FeedForward({ width: 4, ratio: 1.5, bias: false, activation: swiglu })),
    ).toEqual(["expand.weight [6,4]", "gate.weight [6,4]", "contract.weight [4,6]"]);
  });

  test("activates one layer, or multiplies a second by an activated gate", async () => {
    const plain = new FeedForward({ width: 1, ratio: 1, bias: false, activation: (h) => h });
    const gated = new FeedForward({ width: 1, ratio: 1, bias: false, activation: glu });
    for (const { weight } of [plain.expand, plain.contract, gated.expand, gated.contract]) {
      await set(weight, [2]);
    }
    await set(gated.gate?.weight, [1]);
    const at = hostTensor([3], [1, 1]);
    expectNear(await run(plain, at), [1, 1], [12]);
    expectNear(await run(gated, at), [1, 1], [12 / (1 + Math.exp(-3))]);
  });

  test.each([undefined, swiglu, geglu])("its gradients are right, case %#", async (activation) => {
    const model = new FeedForward({ width: 4, ...(activation && { activation }) });
    await checkSlopes(model, (input) => model.forward(input), x);
  });
});

describe("transformer block", () => {
  const attention = { heads: 2 };
  const x = draws([2, 3, 4]);

  test("keeps its paths, those of a context last met in the middle", () => {
    const model = new TransformerBlock({ width: 4, attention, contextAttention: { heads: 1 } });
    const first = model.namedState().map(([path]) => path.split(".")[0]);
    expect([...new Set(first)]).toEqual([
      "attentionNorm",
      "attention",
      "contextNorm",
      "contextAttention",
      "feedForwardNorm",
      "feedForward",
    ]);
  });

  test("silent branches leave the input, or its norms where the norm comes after", async () => {
    const silent = (order: "pre" | "post"): TransformerBlock => {
      const zeros = (data: Float32Array): unknown => data.fill(0);
      const projections = separate({ initial: zeros });
      return new TransformerBlock({
        width: 4,
        attention: { heads: 2, projections },
        feedForward: { initial: zeros },
        order,
      });
    };
    expectNear(await run(silent("pre"), x), x.shape, x.toArray());
    const once = await run(new LayerNorm({ width: 4 }), x);
    const twice = await run(new LayerNorm({ width: 4 }), once);
    expectNear(await run(silent("post"), x), x.shape, twice.toArray());
  });

  test.each(["pre", "post"] as const)("its gradients are right, %s-norm", async (order) => {
    const model = new TransformerBlock({ width: 4, attention, order });
    await checkSlopes(model, (input) => model.forward(input), x);
  });

  test("a stack of them ends in a norm where they are pre-norm", () => {
    const block = { width: 4, attention };
    const last = (order: "pre" | "post"): string | undefined =>
      paths(new Encoder({ depth: 2, block: { ...block, order } })).at(-1);
    expect(last("pre")).toBe("norm.bias [4]");
    expect(last("post")).toBe("blocks.1.feedForward.contract.bias [4]");
    const rates = new Encoder({ depth: 3, block, stochasticDepth: 0.2 }).blocks.map(
      ({ stochasticDepth }) => stochasticDepth.rate,
    );
    expect(rates).toEqual([0, 0.1, 0.2]);
  });

  test("a stack's gradients are right, to a context too", async () => {
    const block = { width: 4, attention, contextAttention: { heads: 2 } };
    const model = new Encoder({ depth: 2, block });
    const context = (input: Tensor): Tensor => input;
    await checkSlopes(
      model,
      (input) => model.forward(input, undefined, { context: context(input) }),
      x,
    );
  });
});

describe("random depth and dropout", () => {
  const random = new RandomStream(3);
  const ones = hostTensor(new Float32Array(4000).fill(1), [1000, 4]);

  test("stochastic depth drops whole samples and keeps the mean", async () => {
    const y = (await run(new StochasticDepth(0.25), ones, { training: true, random })).toArray();
    const rows = Array.from({ length: 1000 }, (_, i) => y.slice(4 * i, 4 * i + 4));
    expect(rows.every((row) => row.every((value) => value === row[0]))).toBe(true);
    const dropped = rows.filter((row) => row[0] === 0).length;
    expect(Math.abs(dropped - 250)).toBeLessThan(60);
    expectNear(hostTensor([Math.max(...y)]), [1], [1 / 0.75]);
  });

  test("dropout drops single values and keeps the mean", async () => {
    const y = (await run(new Dropout(0.25), ones, { training: true, random })).toArray();
    const dropped = y.filter((value) => value === 0).length;
    expect(Math.abs(dropped - 1000)).toBeLessThan(120);
    expectNear(hostTensor([Math.max(...y)]), [1], [1 / 0.75]);
  });

  test("nothing is dropped in inference, or without a stream", async () => {
    for (const model of [new StochasticDepth(0.5), new Dropout(0.5)]) {
      expect((await run(model, ones)).data).toEqual(ones.data);
      expect((await run(model, ones, { training: true })).data).toEqual(ones.data);
    }
  });

  test("rates grow evenly", () => {
    expect(linearRates(5, 0.2)).toEqual([0, 0.05, 0.1, 0.15000000000000002, 0.2]);
    expect(linearRates(1, 0.1)).toEqual([0.1]);
  });
});

describe("positions", () => {
  test("sines and cosines take turns along the width", async () => {
    const model = new SinePositions({ length: 4, width: 4, base: 100 });
    const y = await placed(model, hostTensor(new Float32Array(12), [1, 3, 4]));
    const wanted = [0, 1, 2].flatMap((t) => [
      Math.sin(t),
      Math.cos(t),
      Math.sin(t / 10),
      Math.cos(t / 10),
    ]);
    expectNear(y, [1, 3, 4], wanted);
  });

  test("learned ones are added to as many places as there are", async () => {
    const model = new LearnedPositions({ length: 3, width: 1 });
    await set(model.weight, [1, 2, 3]);
    expectNear(await placed(model, hostTensor([10, 20], [1, 2, 1])), [1, 2, 1], [11, 22]);
    const long = hostTensor(new Float32Array(4), [1, 4, 1]);
    await expect(placed(model, long)).rejects.toThrow(
      "positions: needs x [B, up to 3, 1], got x [1, 4, 1].",
    );
  });
});

describe("images", () => {
  const images = draws([2, 3, 4, 6]);

  test("a convolution takes its groups and windows", async () => {
    const model = new Convolution({ in: 4, out: 6, kernel: [3, 3] }, { groups: 2, padding: 1 });
    expect(paths(model)).toEqual(["weight [6,2,3,3]", "bias [6]"]);
    await checkSlopes(model, (x) => model.forward(x), draws([2, 4, 5, 5]));
  });

  test("patches become rows, row by row", async () => {
    const model = new PatchEmbedding({ in: 1, width: 1, patch: 2 });
    await set(model.projection.weight, [1, 0, 0, 0]);
    await set(model.projection.bias, [0]);
    const image = hostTensor(
      Float32Array.from({ length: 24 }, (_, i) => i),
      [1, 1, 4, 6],
    );
    expectNear(await run(model, image), [1, 6, 1], [0, 2, 4, 12, 14, 16]);
    const deep = new PatchEmbedding({ in: 3, width: 5, patch: 2 });
    await checkSlopes(deep, (x) => deep.forward(x), images);
  });

  test("pools take the largest or the mean", async () => {
    const image = hostTensor([1, 2, 3, 4, 5, 6, 7, 8], [1, 1, 2, 4]);
    expectNear(await run(new MaxPool({ kernel: 2 }), image), [1, 1, 1, 2], [6, 8]);
    expectNear(await run(new AveragePool({ kernel: 2 }), image), [1, 1, 1, 2], [3.5, 5.5]);
    expectNear(await run(new AdaptiveAveragePool(1), image), [1, 1, 1, 1], [4.5]);
  });
});

describe("sequence pooling", () => {
  test("weighs by the softmax of a learned importance", async () => {
    const model = new SequencePooling({ width: 2 });
    await set(model.importance.weight, [Math.log(3), 0]);
    await set(model.importance.bias, [5]);
    const x = hostTensor([0, 8, 1, 4], [1, 2, 2]);
    expectNear(await run(model, x), [1, 2], [0.75, 5]);
  });

  test("its gradients are right", async () => {
    const model = new SequencePooling({ width: 3 });
    await checkSlopes(model, (x) => model.forward(x), draws([2, 4, 3]));
  });
});
