import { readFileSync } from "node:fs";
import { countParameters, initialize, type SequencePooling } from "@quire/nn";
import {
  compile,
  exportOnnx,
  gradients,
  type HostTensor,
  hostTensor,
  mul,
  Random,
  RandomStream,
  sizeOf,
  sum,
  type Tensor,
} from "@quire/tensor";
import { adamW, crossEntropy, loadModel, modelTensors } from "@quire/train";
import { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import { describe, expect, test } from "vitest";
import type { ImageTarget } from "../tasks/image-target.ts";
import { systems } from "./claims.ts";
import {
  build,
  type CompactTransformerOptions,
  type TokenizerOptions,
  tokenCount,
} from "./model.ts";
import { paper } from "./paper.ts";

const references = JSON.parse(
  readFileSync(new URL("../../references/cct.json", import.meta.url), "utf8"),
) as { readonly counts: Readonly<Record<string, number>> };

/** The largest difference, relative to the largest wanted value. */
function difference(got: HostTensor, wanted: HostTensor): number {
  expect(got.shape).toEqual(wanted.shape);
  const scale = Math.max(1, ...wanted.toArray().map(Math.abs));
  const values = got.toArray();
  return (
    Math.max(...wanted.toArray().map((value, i) => Math.abs(value - (values[i] as number)))) / scale
  );
}

const tiny: CompactTransformerOptions = {
  tokenizer: { layers: 1, kernel: 3, stride: 1, padding: 1 },
  summary: "sequence pooling",
  positions: "learned",
  width: 8,
  depth: 2,
  heads: 2,
  ratio: 2,
};
const target: ImageTarget = { height: 8, width: 8, channels: 1, classes: 3 };

function pictures(count: number, side = 8, seed = 1): HostTensor {
  const random = new Random(seed);
  const shape = [count, 1, side, side];
  return hostTensor(
    new Float32Array(sizeOf(shape)).map(() => random.normal()),
    shape,
  );
}

describe("presets", () => {
  const official = Object.entries(paper.presets).filter(([name]) => name !== "small");

  test("they are those that the official code names", () => {
    expect(official.map(([name]) => name).sort()).toEqual(Object.keys(references.counts).sort());
  });

  test.each(official)("%s has the published parameters", (name, preset) => {
    const counted = countParameters(build(preset.options, preset.target));
    expect(counted).toBe(preset.parameters);
    expect(counted).toBe(references.counts[name]);
  });

  test("the counts are those of the paper's tables", () => {
    const millions = (name: string): number => (paper.presets[name]?.parameters ?? 0) / 1e6;
    expect(millions("cct_2_3x2_32")).toBeCloseTo(0.28, 2);
    expect(millions("cct_4_3x2_32")).toBeCloseTo(0.48, 2);
    expect(millions("cct_6_3x1_32")).toBeCloseTo(3.23, 2);
    expect(millions("cct_6_3x1_32_sine")).toBeCloseTo(3.17, 2);
    expect(millions("cct_7_3x1_32")).toBeCloseTo(3.76, 2);
    expect(millions("cct_7_3x1_32_sine")).toBeCloseTo(3.69, 2);
    expect(millions("cct_7_3x2_32")).toBeCloseTo(3.85, 2);
    expect(Math.floor(millions("cct_14_7x2_224") * 100) / 100).toBe(22.36);
    expect(millions("cct_14_7x2_384")).toBeCloseTo(22.51, 2);
  });
});

test("the systems that the claims compare: parameters within 5 %, but for a table of positions; 49 tokens", () => {
  const digits: ImageTarget = { height: 28, width: 28, channels: 1, classes: 10 };
  const counts = systems.map((system) => {
    const model = system.build(digits);
    const table = model.namedParameters().find(([path]) => path === "positions.weight");
    return { all: countParameters(model), table: table ? sizeOf(table[1].shape) : 0 };
  });
  const [cct, cvt, vit, network, cctPlaceless, vitPlaceless] = counts.map(({ all }) => all);
  for (const count of [cvt, vit, network]) {
    expect(Math.abs(Number(count) / Number(cct) - 1)).toBeLessThan(0.05);
  }
  expect(cctPlaceless).toBe(Number(cct) - Number(counts[0]?.table));
  expect(vitPlaceless).toBe(Number(vit) - Number(counts[2]?.table));
  const tokens = systems.flatMap(({ options }) => {
    return "tokenizer" in options
      ? [tokenCount(options.tokenizer as TokenizerOptions, digits)]
      : [];
  });
  expect(tokens).toEqual([49, 49, 49, 49, 49]);
});

describe("the system", () => {
  test("its tokens: 256 and 64 of an image of 32, as published", () => {
    const image = { height: 32, width: 32, channels: 3, classes: 10 };
    const count = (layers: number): number =>
      tokenCount({ layers, kernel: 3, stride: 1, padding: 1 }, image);
    expect([count(1), count(2)]).toEqual([256, 64]);
    expect(tokenCount({ patch: 4 }, image)).toBe(64);
  });

  test("patches that do not tile the image and images too small are refused", () => {
    expect(() => tokenCount({ patch: 5 }, target)).toThrow(
      /^patches of 5 pixels do not tile images of 8 x 8; choose another size\.$/,
    );
    const strided = { layers: 2, kernel: 7, stride: 2, padding: 0 };
    expect(() => tokenCount(strided, target)).toThrow(
      /^images of 8 x 8 are too small for 2 convolutions; choose a larger size\.$/,
    );
  });

  test("without positions a pooled sequence does not care for the order of its patches", async () => {
    const model = build({ ...tiny, tokenizer: { patch: 4 }, positions: "none" }, target);
    initialize(model, 3);
    const run = compile((x: Tensor) => model.forward(x));
    const image = pictures(1);
    const moved = new Float32Array(64);
    // The four patches change places: the upper half with the lower one.
    for (let i = 0; i < 64; i++) moved[(i + 32) % 64] = image.data[i] as number;
    const [first, second] = [await run(image), await run(hostTensor(moved, [1, 1, 8, 8]))];
    expect(difference(second, first)).toBeLessThan(1e-5);
    const placed = build({ ...tiny, tokenizer: { patch: 4 } }, target);
    initialize(placed, 3);
    const runPlaced = compile((x: Tensor) => placed.forward(x));
    const [third, fourth] = [
      await runPlaced(image),
      await runPlaced(hostTensor(moved, [1, 1, 8, 8])),
    ];
    expect(difference(fourth, third)).toBeGreaterThan(1e-4);
  });

  test("without positions it takes images of another size", async () => {
    const model = build({ ...tiny, positions: "none" }, target);
    const run = compile((x: Tensor) => model.forward(x));
    expect((await run(pictures(2, 12))).shape).toEqual([2, 3]);
    expect((await run(pictures(2, 20))).shape).toEqual([2, 3]);
  });

  test("attention weights and branches are dropped in training only, as the seed says", async () => {
    const regularization = { dropout: 0, attention: 0.5, stochasticDepth: 0.5 };
    const model = build({ ...tiny, regularization }, target);
    initialize(model, 1);
    const plain = compile((x: Tensor) => model.forward(x));
    const logits = await plain(pictures(2));
    expect(await plain(pictures(2))).toEqual(logits);
    const drawn = (seed: number): Promise<HostTensor> => {
      const random = new RandomStream(seed);
      return compile((x: Tensor) => model.forward(x, { training: true, random }))(pictures(2));
    };
    const first = await drawn(1);
    expect(first).not.toEqual(logits);
    expect(await drawn(1)).toEqual(first);
    expect(await drawn(2)).not.toEqual(first);
  });

  test("a pooled sequence lies between its tokens: their weights are positive and sum to 1", async () => {
    const pooling = build(tiny, target).pooling as SequencePooling;
    initialize(pooling, 1);
    const random = new Random(2);
    const one = Float32Array.from({ length: 8 }, () => random.normal());
    const same = Float32Array.from({ length: 40 }, (_, i) => one[i % 8] as number);
    const other = Float32Array.from({ length: 40 }, () => 3 * random.normal());
    const run = compile((x: Tensor) => pooling.forward(x));
    const pooled = await run(hostTensor([...same, ...other], [2, 5, 8]));
    expect(pooled.shape).toEqual([2, 8]);
    const [alike, mixed] = [pooled.toArray().slice(0, 8), pooled.toArray().slice(8)];
    expect(alike.map((value, i) => Math.abs(value - (one[i] as number)) < 1e-6)).not.toContain(
      false,
    );
    const inside = mixed.map((value, column) => {
      const values = [...other].filter((_, i) => i % 8 === column);
      return Math.min(...values) < value && value < Math.max(...values);
    });
    expect(inside).not.toContain(false);
  });

  test("the paths of its parameters", () => {
    const paths = build({ ...tiny, depth: 1, summary: "class token" }, target).namedParameters();
    expect(paths.map(([path, { shape }]) => `${path} [${shape.join()}]`)).toMatchInlineSnapshot(`
      [
        "tokenizer.layers.0.weight [8,1,3,3]",
        "classToken [1,1,8]",
        "positions.weight [17,8]",
        "blocks.0.attentionNorm.weight [8]",
        "blocks.0.attentionNorm.bias [8]",
        "blocks.0.attention.queryKeyValue.weight [24,8]",
        "blocks.0.attention.output.weight [8,8]",
        "blocks.0.attention.output.bias [8]",
        "blocks.0.streamNorm.weight [8]",
        "blocks.0.streamNorm.bias [8]",
        "blocks.0.feedForward.expand.weight [16,8]",
        "blocks.0.feedForward.expand.bias [16]",
        "blocks.0.feedForward.contract.weight [8,16]",
        "blocks.0.feedForward.contract.bias [8]",
        "norm.weight [8]",
        "norm.bias [8]",
        "head.weight [3,8]",
        "head.bias [3]",
      ]
    `);
  });

  test("its gradient is the slope of the loss", async () => {
    // On patches, for finite differences say nothing at the kinks of ReLU and max pooling.
    const model = build({ ...tiny, tokenizer: { patch: 4 } }, target);
    initialize(model, 5);
    const labels = hostTensor([0, 2], [2], "int32");
    const slope = compile((x: Tensor, y: Tensor) => {
      const loss = crossEntropy(model.forward(x), y);
      return { loss, dx: gradients(loss, [x])[0] as Tensor };
    });
    const images = pictures(2);
    const direction = pictures(2, 8, 9);
    const { dx } = await slope(images, labels);
    const claimed = dx.toArray().reduce((all, g, i) => all + g * Number(direction.data[i]), 0);
    const at = async (step: number): Promise<number> => {
      const moved = (images.data as Float32Array).map(
        (v, i) => v + step * Number(direction.data[i]),
      );
      return (await slope(hostTensor(moved, images.shape), labels)).loss.item();
    };
    const measured = ((await at(1e-2)) - (await at(-1e-2))) / 2e-2;
    expect(Math.abs(claimed - measured)).toBeLessThan(0.02 * Math.abs(measured));
  });

  test("its parameters' gradients are slopes of the loss", async () => {
    const model = build({ ...tiny, tokenizer: { patch: 4 }, summary: "class token" }, target);
    initialize(model, 5);
    const images = pictures(2);
    const labels = hostTensor([0, 2], [2], "int32");
    const slopes = compile((x: Tensor, y: Tensor) => {
      const loss = crossEntropy(model.forward(x), y);
      return [loss, ...gradients(loss, model.parameters())];
    });
    const [, ...found] = await slopes(images, labels);
    const start = await modelTensors(model);
    const random = new Random(7);
    const directions = new Map(
      [...start].map(([path, { data }]) => [
        path,
        Array.from({ length: data.length }, () => random.normal()),
      ]),
    );
    const claimed = model.namedParameters().reduce((all, [path], place) => {
      const slope = (found[place] as HostTensor).toArray();
      const direction = directions.get(path) as number[];
      return all + slope.reduce((sum, g, i) => sum + g * (direction[i] as number), 0);
    }, 0);
    const at = async (step: number): Promise<number> => {
      const moved = [...start].map(([path, value]): [string, HostTensor] => {
        const direction = directions.get(path) as number[];
        const values = value.toArray().map((v, i) => v + step * (direction[i] as number));
        return [path, hostTensor(values, value.shape)];
      });
      await loadModel(model, new Map(moved));
      return ((await slopes(images, labels))[0] as HostTensor).item();
    };
    const measured = ((await at(1e-3)) - (await at(-1e-3))) / 2e-3;
    expect(Math.abs(claimed - measured)).toBeLessThan(0.01 * Math.abs(measured));
  });

  test("every parameter gets a gradient", async () => {
    const model = build({ ...tiny, summary: "class token" }, target);
    initialize(model, 5);
    const norms = compile((x: Tensor, y: Tensor) =>
      gradients(crossEntropy(model.forward(x), y), model.parameters()).map((g) => sum(mul(g, g))),
    );
    const found = await norms(pictures(2), hostTensor([0, 2], [2], "int32"));
    const paths = model.namedParameters().map(([path]) => path);
    expect(paths.filter((_, i) => (found[i] as HostTensor).item() === 0)).toEqual([]);
  });

  test("it learns one batch by heart", async () => {
    const model = build({ ...tiny, width: 16 }, target);
    initialize(model, 2);
    const optimizer = adamW(model.parameters(), { learningRate: 3e-3 });
    const step = compile((x: Tensor, y: Tensor) => {
      const loss = crossEntropy(model.forward(x), y);
      optimizer.minimize(loss);
      return { loss };
    });
    const [images, labels] = [pictures(9), hostTensor([0, 1, 2, 0, 1, 2, 0, 1, 2], [9], "int32")];
    let loss = Number.POSITIVE_INFINITY;
    for (let i = 0; i < 150; i++) loss = (await step(images, labels)).loss.item();
    expect(loss).toBeLessThan(0.01);
  });

  test("its ONNX file gives the same logits for batches of 1 and 7", async () => {
    const model = build(tiny, target);
    initialize(model, 4);
    const exported = await exportOnnx((images) => ({ logits: model.forward(images) }), {
      inputs: { images: { shape: ["batch", 1, 8, 8] } },
    });
    const session = await InferenceSession.create(exported.model);
    const run = compile((x: Tensor) => model.forward(x));
    for (const count of [1, 7]) {
      const images = pictures(count);
      const fed = new OrtTensor("float32", images.data as Float32Array, [...images.shape]);
      const { logits } = await session.run({ images: fed });
      const got = hostTensor(logits?.data as Float32Array, logits?.dims ?? []);
      expect(difference(got, await run(images))).toBeLessThan(1e-5);
    }
  });
});
