import { initialize } from "@quire/nn";
import {
  compile,
  exportOnnx,
  gradients,
  type HostTensor,
  hostTensor,
  mul,
  Random,
  RandomStream,
  sum,
  type Tensor,
} from "@quire/tensor";
import { adamW, binaryCrossEntropy, loadModel, modelTensors } from "@quire/train";
import { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import { describe, expect, test } from "vitest";
import { MultiLayerPerceptron } from "./baselines.ts";
import {
  AttentiveFeedForward,
  build,
  type ExcelFormer,
  ExcelFormerBlock,
  type ExcelFormerOptions,
  SemiPermeableAttention,
} from "./model.ts";
import { randomRotation } from "./rotation.ts";

const tiny: ExcelFormerOptions = {
  ...{ width: 8, depth: 2, heads: 2, attention: "semi-permeable", norm: "before" },
  ...{ initialScale: 1, dropout: { attention: 0, residual: 0 } },
};
const target = { features: 5, outputs: 1 };

function drawn(shape: readonly number[], seed = 1): HostTensor<"float32"> {
  const random = new Random(seed);
  const size = shape.reduce((product, length) => product * length, 1);
  return hostTensor(
    Float32Array.from({ length: size }, () => random.normal()),
    shape,
    "float32",
  );
}

function made(options: Partial<ExcelFormerOptions> = {}): ExcelFormer {
  const model = build({ ...tiny, ...options }, target);
  initialize(model, 3);
  return model;
}

function difference(a: HostTensor, b: HostTensor): number {
  const other = b.toArray();
  return Math.max(...a.toArray().map((value, i) => Math.abs(value - (other[i] as number))));
}

describe("semi-permeable attention", () => {
  /** How much each token of one block's output moves when the last, least informative feature does. */
  async function moved(options: Partial<ExcelFormerOptions>, feature: number): Promise<number[]> {
    const block = new ExcelFormerBlock({ ...tiny, ...options }, true);
    initialize(block, 2);
    const run = compile((x: Tensor) => block.forward(x));
    const x = drawn([1, 5, 8]);
    const other = x.toArray();
    for (let i = 0; i < 8; i++) other[feature * 8 + i] = (other[feature * 8 + i] as number) + 1;
    const [before, after] = [await run(x), await run(hostTensor(other, [1, 5, 8]))];
    await run.release();
    return Array.from({ length: 5 }, (_, token) => {
      const part = (all: HostTensor) =>
        hostTensor(all.toArray().slice(token * 8, (token + 1) * 8), [8]);
      return difference(part(before), part(after));
    });
  }

  test("a weak feature reaches no stronger one, a strong one reaches all", async () => {
    const weakest = await moved({}, 4);
    expect(weakest.slice(0, 4)).toEqual([0, 0, 0, 0]);
    expect(weakest[4]).toBeGreaterThan(0.1);
    const middle = await moved({}, 2);
    expect(middle.map((change) => change > 0)).toEqual([false, false, true, true, true]);
  });

  test("full attention lets it reach all", async () => {
    const weakest = await moved({ attention: "full" }, 4);
    expect(weakest.every((change) => change > 1e-4)).toBe(true);
  });

  test("a width that does not divide into the heads is refused", () => {
    expect(() => build({ ...tiny, heads: 3 }, target)).toThrow(
      /^ExcelFormer: the width 8 does not divide into 3 heads; change one\.$/,
    );
  });

  test("attention weights are dropped in training only, as the seed says", async () => {
    const attention = new SemiPermeableAttention({
      ...tiny,
      dropout: { attention: 0.5, residual: 0 },
    });
    initialize(attention, 1);
    const run = (seed?: number) => {
      const mode =
        seed === undefined ? undefined : { training: true, random: new RandomStream(seed) };
      return compile((x: Tensor) => attention.forward(x, mode))(drawn([2, 5, 8]));
    };
    expect(await run(1)).toEqual(await run(1));
    expect(await run(1)).not.toEqual(await run(2));
    expect(await run(1)).not.toEqual(await run());
  });
});

test("blocks begin as almost the identity, the more so the smaller the scale", async () => {
  const changes: number[] = [];
  for (const initialScale of [1, 0.1, 0.01]) {
    const block = new ExcelFormerBlock({ ...tiny, initialScale }, true);
    initialize(block, 2);
    const x = drawn([2, 5, 8]);
    changes.push(difference(await compile((y: Tensor) => block.forward(y))(x), x));
  }
  expect(changes[0]).toBeGreaterThan(0.2);
  expect((changes[1] as number) * 3).toBeLessThan(changes[0] as number);
  expect(changes[2]).toBeLessThan(0.02);
});

test("the attentive feed-forward network is a value times a bounded gate", async () => {
  const network = new AttentiveFeedForward({ ...tiny, width: 2 });
  await network.linear.weight.set(hostTensor([1, 0, 0, 2, 3, 0, 0, -1], [4, 2]));
  await network.linear.bias?.set(hostTensor([0, 1, 0, 0.5]));
  const run = compile((x: Tensor) => network.forward(x));
  const found = (await run(hostTensor([2, 3], [1, 1, 2]))).toArray();
  expect(found[0]).toBeCloseTo(2 * Math.tanh(6), 5);
  expect(found[1]).toBeCloseTo(7 * Math.tanh(-2.5), 5);
});

test("a rotation is orthogonal, and an MLP can undo it in its first weights while the mask forbids it here", async () => {
  const rotation = randomRotation(5, new Random(4));
  rotation.forEach((row, i) => {
    rotation.forEach((other, j) => {
      const product = row.reduce((sum, value, k) => sum + value * (other[k] as number), 0);
      expect(product).toBeCloseTo(i === j ? 1 : 0, 9);
    });
  });
  const turnRows = (rows: readonly number[]): number[] =>
    Array.from({ length: rows.length / 5 }, (_, n) => rows.slice(n * 5, n * 5 + 5)).flatMap((row) =>
      rotation.map((weights) =>
        row.reduce((sum, value, k) => sum + value * (weights[k] as number), 0),
      ),
    );
  const mlp = new MultiLayerPerceptron(target);
  initialize(mlp, 1);
  const rows = drawn([4, 5]);
  const run = compile((x: Tensor) => mlp.forward(x));
  const before = await run(rows);
  const first = (await modelTensors(mlp)).get("layers.0.weight") as HostTensor;
  await mlp.layers[0]?.weight.set(hostTensor(turnRows(first.toArray()), first.shape));
  const after = await run(hostTensor(turnRows(rows.toArray()), [4, 5]));
  expect(difference(before, after)).toBeLessThan(1e-5);
});

test("the paths of its parameters", () => {
  const paths = build({ ...tiny, depth: 1, norm: "after" }, target).namedParameters();
  expect(paths.map(([path, { shape }]) => `${path} [${shape.join()}]`)).toMatchInlineSnapshot(`
    [
      "embedding.weight [5,8]",
      "embedding.gateWeight [5,8]",
      "embedding.bias [5,8]",
      "embedding.gateBias [5,8]",
      "blocks.0.attentionNorm.weight [8]",
      "blocks.0.attentionNorm.bias [8]",
      "blocks.0.attention.query.weight [8,8]",
      "blocks.0.attention.query.bias [8]",
      "blocks.0.attention.key.weight [8,8]",
      "blocks.0.attention.key.bias [8]",
      "blocks.0.attention.value.weight [8,8]",
      "blocks.0.attention.value.bias [8]",
      "blocks.0.attention.output.weight [8,8]",
      "blocks.0.attention.output.bias [8]",
      "blocks.0.feedForwardNorm.weight [8]",
      "blocks.0.feedForwardNorm.bias [8]",
      "blocks.0.feedForward.linear.weight [16,8]",
      "blocks.0.feedForward.linear.bias [16]",
      "summary.weight [1,5]",
      "summary.bias [1]",
      "activation.slope [1]",
      "head.weight [1,8]",
      "head.bias [1]",
    ]
  `);
});

describe("gradients", () => {
  const labels = hostTensor([0, 1, 1], [3, 1], "float32");

  test("are slopes of the loss along all parameters", async () => {
    const model = made();
    const rows = drawn([3, 5]);
    const slopes = compile((x: Tensor, y: Tensor) => {
      const loss = binaryCrossEntropy(model.forward(x), y);
      return [loss, ...gradients(loss, model.parameters())];
    });
    const [, ...found] = await slopes(rows, labels);
    const start = await modelTensors(model);
    const random = new Random(7);
    const directions = new Map(
      [...start].map(([path, { data }]) => [
        path,
        Array.from({ length: data.length }, () => random.normal()),
      ]),
    );
    const claimed = model.namedParameters().reduce((all, [path], place) => {
      const direction = directions.get(path) as number[];
      const slope = (found[place] as HostTensor).toArray();
      return all + slope.reduce((total, g, i) => total + g * (direction[i] as number), 0);
    }, 0);
    const at = async (step: number): Promise<number> => {
      const there = [...start].map(([path, value]): [string, HostTensor] => {
        const direction = directions.get(path) as number[];
        const values = value.toArray().map((v, i) => v + step * (direction[i] as number));
        return [path, hostTensor(values, value.shape)];
      });
      await loadModel(model, new Map(there));
      return ((await slopes(rows, labels))[0] as HostTensor).item();
    };
    const measured = ((await at(1e-3)) - (await at(-1e-3))) / 2e-3;
    expect(Math.abs(claimed - measured)).toBeLessThan(0.01 * Math.abs(measured));
  });

  test("reach every parameter", async () => {
    const model = made();
    const norms = compile((x: Tensor, y: Tensor) =>
      gradients(binaryCrossEntropy(model.forward(x), y), model.parameters()).map((g) =>
        sum(mul(g, g)),
      ),
    );
    const found = await norms(drawn([3, 5]), labels);
    const paths = model.namedParameters().map(([path]) => path);
    // A key's bias moves all products of a query alike, which softmax does not see; the summary's all values alike,
    // which the norm takes away.
    expect(paths.filter((_, i) => (found[i] as HostTensor).item() < 1e-14)).toEqual([
      "blocks.0.attention.key.bias",
      "blocks.1.attention.key.bias",
      "summary.bias",
    ]);
  });
});

test("it learns one batch by heart", async () => {
  const model = made({ initialScale: 0.01 });
  const optimizer = adamW(model.parameters(), { learningRate: 1e-2 });
  const step = compile((x: Tensor, y: Tensor) => {
    const loss = binaryCrossEntropy(model.forward(x), y);
    optimizer.minimize(loss);
    return { loss };
  });
  const labels = hostTensor([0, 1, 1, 0, 0, 1, 0, 1, 1], [9, 1], "float32");
  let loss = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 200; i++) loss = (await step(drawn([9, 5]), labels)).loss.item();
  expect(loss).toBeLessThan(0.01);
});

test("its ONNX file gives the same outputs for batches of 1 and 7", async () => {
  const model = made();
  const exported = await exportOnnx((rows) => ({ outputs: model.forward(rows) }), {
    inputs: { rows: { shape: ["batch", 5] } },
  });
  const session = await InferenceSession.create(exported.model);
  const run = compile((x: Tensor) => model.forward(x));
  for (const count of [1, 7]) {
    const rows = drawn([count, 5]);
    const fed = new OrtTensor("float32", rows.data as Float32Array, [...rows.shape]);
    const { outputs } = await session.run({ rows: fed });
    const got = hostTensor(outputs?.data as Float32Array, outputs?.dims ?? []);
    expect(difference(got, await run(rows))).toBeLessThan(1e-5);
  }
});
