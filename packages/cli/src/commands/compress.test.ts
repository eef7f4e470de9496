import {
  copyFileSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { imageTensor } from "@quire/data";
import { imageFolder } from "@quire/data/files";
import { type HostTensor, hostTensor } from "@quire/tensor";
import { saveSafetensors } from "@quire/train/node";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { afterAll, beforeAll, expect, test } from "vitest";
import { answerOf } from "../testing/answer.ts";
import { writeShapes } from "../testing/pictures.ts";
import { compressCommand } from "./compress.ts";
import { trainCommand } from "./train.ts";

const SIZE = 16;
const folder = mkdtempSync(join(tmpdir(), "quire-compress-"));
const [data, runs] = [join(folder, "pictures"), join(folder, "runs")];

/** The accuracy on the pictures that the run kept apart, as its training told it. */
let trained = 0;

interface Variant {
  readonly name: string;
  readonly file: string;
  readonly bytes: number;
  readonly evaluation: {
    readonly count: number;
    readonly metrics: readonly { readonly name: string; readonly value: number }[];
  };
}

interface Result {
  readonly variants: readonly Variant[];
  readonly metrics: Readonly<Record<string, number>>;
}

function accuracyIn({ evaluation }: Variant): number {
  return evaluation.metrics.find(({ name }) => name === "accuracy")?.value as number;
}

beforeAll(async () => {
  await writeShapes(data, { count: 150, size: SIZE, classes: 3 });
  const options = { data, epochs: "8", size: String(SIZE), out: runs, validation: "0.3" };
  trained = (await answerOf<Result>(trainCommand, "cct", options)).metrics["accuracy"] as number;
}, 60_000);
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** The share of pictures that a file, run by ONNX Runtime alone, takes for what they are. */
async function accuracyOf(file: string): Promise<number> {
  const pictures = await imageFolder(data, { size: SIZE });
  const session = await InferenceSession.create(file);
  const images = imageTensor(pictures.images, { ...pictures });
  const values = new Tensor("float32", images.data, images.shape);
  const { logits } = await session.run({ images: values });
  await session.release();
  const rows = (logits as Tensor).data as Float32Array;
  const right = Array.from(pictures.labels).filter((label, i) => {
    const row = Array.from(rows.subarray(3 * i, 3 * i + 3));
    return row.indexOf(Math.max(...row)) === label;
  });
  return right.length / pictures.size;
}

test("every file is as small as said, and as accurate when run elsewhere", async () => {
  const out = join(folder, "small");
  const { variants } = await answerOf<Result>(compressCommand, join(runs, "cct-1"), { data, out });
  expect(variants.map(({ name }) => name)).toEqual([
    "float32",
    "float16",
    "int8",
    "int8-static",
    "int8-blocks",
    "int4-blocks",
  ]);
  const of = new Map(variants.map((variant) => [variant.name, variant]));
  const whole = of.get("float32") as Variant;
  expect(accuracyIn(whole)).toBeGreaterThan(0.5);
  const shares = { float16: 0.53, int8: 0.3, "int8-static": 0.3, "int4-blocks": 0.23 };
  for (const [name, share] of Object.entries(shares)) {
    expect((of.get(name) as Variant).bytes / whole.bytes, name).toBeLessThan(share);
  }
  for (const variant of variants) {
    const { file, evaluation } = variant;
    // A dynamic range is that of the batch, so a picture on the edge may fall to the other side.
    const difference = Math.abs((await accuracyOf(file)) - accuracyIn(variant));
    expect(difference).toBeLessThanOrEqual(2 / evaluation.count);
  }
  for (const name of ["int8", "int8-static"]) {
    const accuracy = accuracyIn(of.get(name) as Variant);
    expect(accuracy).toBeGreaterThanOrEqual(accuracyIn(whole) - 0.05);
  }
}, 60_000);

test("the run's own pictures are those that it kept apart", async () => {
  const [first] = (await answerOf<Result>(compressCommand, join(runs, "cct-1"), {})).variants;
  const all = await imageFolder(data, { size: SIZE });
  expect(first?.evaluation.count).toBe(all.split({ fraction: 0.3, seed: 0 }).test.size);
  expect(accuracyIn(first as Variant)).toBe(trained);
}, 60_000);

test("an exported file is compressed like any file that others made", async () => {
  const file = join(folder, "others.onnx");
  copyFileSync(join(runs, "cct-1", "model.onnx"), file);
  const { variants } = await answerOf<Result>(compressCommand, file, { data });
  expect(variants.map((variant) => variant.file)).toEqual(
    ["float32", "float16", "int8", "int8-static", "int8-blocks", "int4-blocks"].map((kind) =>
      join(folder, `others.${kind}.onnx`),
    ),
  );
  const [whole, half, bytes] = variants as readonly [Variant, Variant, Variant];
  expect(accuracyIn(whole)).toBeCloseTo(await accuracyOf(file), 6);
  const metricOf = ({ evaluation }: Variant, name: string): number =>
    evaluation.metrics.find((metric) => metric.name === name)?.value as number;
  expect(metricOf(whole, "largestDifference")).toBe(0);
  expect(metricOf(half, "relativeDifference")).toBeGreaterThan(0);
  expect(metricOf(half, "relativeDifference")).toBeLessThan(2e-3);
  expect(metricOf(bytes, "relativeDifference")).toBeLessThan(0.1);
  expect(bytes.bytes / whole.bytes).toBeLessThan(0.3);
}, 60_000);

test("a file whose inputs stand by name in a safetensors file is measured with its labels", async () => {
  const file = join(folder, "others.onnx");
  const pictures = await imageFolder(data, { size: SIZE });
  const images = imageTensor(pictures.images, { ...pictures });
  const labels = hostTensor(Int32Array.from(pictures.labels));
  const inputs = join(folder, "inputs.safetensors");
  await saveSafetensors(inputs, { tensors: new Map<string, HostTensor>([["images", images]]) });
  const [bare] = (await answerOf<Result>(compressCommand, file, { data: inputs })).variants as [
    Variant,
  ];
  expect(bare.evaluation.metrics.map(({ name }) => name)).toEqual([
    "largestDifference",
    "relativeDifference",
  ]);
  const tensors = new Map<string, HostTensor>([
    ["images", images],
    ["labels", labels],
  ]);
  await saveSafetensors(inputs, { tensors });
  const [whole] = (await answerOf<Result>(compressCommand, file, { data: inputs })).variants as [
    Variant,
  ];
  expect(whole.evaluation.count).toBe(pictures.size);
  expect(accuracyIn(whole)).toBeGreaterThan(0.5);
}, 60_000);

test("data that do not fit a file are refused", async () => {
  const file = join(folder, "others.onnx");
  const inputs = join(folder, "wrong.safetensors");
  const refused = async (options: Record<string, string>, why: string): Promise<void> => {
    await expect(answerOf<Result>(compressCommand, file, options)).rejects.toThrow(why);
  };
  const tensors = new Map([["pictures", hostTensor(new Float32Array(12), [3, 4])]]);
  await saveSafetensors(inputs, { tensors });
  const takes = `the model takes "images", float32 [batch, 3, ${SIZE}, ${SIZE}]`;
  await refused(
    { data: inputs },
    `"${inputs}" has no tensor "images": ${takes}; give examples of it.`,
  );
  await saveSafetensors(inputs, {
    tensors: new Map([["images", hostTensor(new Float32Array(12), [3, 4])]]),
  });
  await refused(
    { data: inputs },
    `"${inputs}" holds "images" as float32 [3, 4], and ${takes}: give as many numbers.`,
  );
  await refused({}, '"others.onnx" says nothing of its data: say on what to measure with --data.');
  await refused(
    { data: join(folder, "nothing") },
    `"${join(folder, "nothing")}" does not exist: give pictures or a .safetensors file.`,
  );
  await refused(
    { data, size: "8" },
    `the model takes pictures of ${SIZE} x ${SIZE}, not 8 x 8: leave --size out.`,
  );
});

test("pictures of other classes are refused", async () => {
  renameSync(join(data, "cross"), join(data, "star"));
  await expect(answerOf<Result>(compressCommand, join(runs, "cct-1"), { data })).rejects.toThrow(
    `"${data}" has the classes circle, square, star, the run has circle, cross, square: give pictures of its classes.`,
  );
});

test("a run that does not say what it kept apart is measured on given pictures only", async () => {
  const file = join(runs, "cct-1", "config.json");
  const config = JSON.parse(readFileSync(file, "utf8"));
  delete config.training;
  writeFileSync(file, JSON.stringify(config));
  await expect(answerOf<Result>(compressCommand, join(runs, "cct-1"), {})).rejects.toThrow(
    `run "${join(runs, "cct-1")}" does not say what it kept apart: say on what to measure with --data.`,
  );
});
