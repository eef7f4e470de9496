import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { imageTensor } from "@quire/data";
import { imageFolder, mnist } from "@quire/data/files";
import {
  exportOnnx,
  importOnnx,
  matmul,
  mean,
  reshape,
  type Tensor,
  Variable,
} from "@quire/tensor";
import { loadSafetensors } from "@quire/train/node";
import { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { answerOf } from "../testing/answer.ts";
import { finetuneCommand } from "./finetune.ts";
import { predictCommand } from "./predict.ts";

/** Written by PyTorch, which trained it on the digits 0 to 4. */
const digits = fileURLToPath(new URL("../../../train/references/digits.onnx", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "quire-finetune-"));
const [data, runs] = [join(folder, "digits"), join(folder, "runs")];

const PICTURES = 50;

interface Result {
  readonly run: string;
  readonly parameters: number;
  readonly metrics: { readonly accuracy: number };
  readonly facts: Readonly<Record<string, string>>;
}

const finetune = (file: string, options: Record<string, unknown> = {}): Promise<Result> =>
  answerOf(finetuneCommand, file, { data, out: runs, ...options });

/** The digits 6 to 9, which the model was not made for: another number of classes too. */
beforeAll(async () => {
  const { train } = await mnist();
  const { images, labels, imageBytes } = train;
  const raw = { width: 28, height: 28, channels: 1 as const };
  const seen = new Map<number, number>();
  for (const [place, label] of labels.entries()) {
    const count = seen.get(label) ?? 0;
    if (label < 6 || count === PICTURES) continue;
    seen.set(label, count + 1);
    mkdirSync(join(data, String(label)), { recursive: true });
    await sharp(images.subarray(place * imageBytes, (place + 1) * imageBytes), { raw })
      .png()
      .toFile(join(data, String(label), `${place}.png`));
  }
}, 60_000);
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function share(text: string | undefined): number {
  return Number(text?.replace(" %", "")) / 100;
}

/** The accuracy of a file, run by ONNX Runtime alone, on the pictures that a run kept apart. */
async function accuracyOf(file: string): Promise<number> {
  const { test: apart } = (await imageFolder(data)).split({ fraction: 0.2, seed: 0 });
  const session = await InferenceSession.create(file);
  const images = imageTensor(apart.images, apart);
  const results = await session.run({
    images: new OrtTensor("float32", images.data, images.shape),
  });
  await session.release();
  const [rows, wide] = [
    (results["logits"] as OrtTensor).data as Float32Array,
    apart.classes.length,
  ];
  const right = Array.from(apart.labels).filter((label, i) => {
    const row = Array.from(rows.subarray(wide * i, wide * (i + 1)));
    return row.indexOf(Math.max(...row)) === label;
  });
  return right.length / apart.size;
}

describe("quire finetune", () => {
  test("trains a whole model that PyTorch made on other classes; what it writes is as good", async () => {
    const { run: made, metrics, facts, parameters } = await finetune(digits, { epochs: "6" });
    expect(facts["head"]).toBe("new");
    expect(parameters).toBe(23_652);
    const before = share(facts["accuracy before"]);
    expect(before).toBeLessThan(0.5);
    expect(metrics.accuracy).toBeGreaterThan(0.75);
    expect(await accuracyOf(join(made, "model.onnx"))).toBeCloseTo(metrics.accuracy, 6);
    expect(readdirSync(made).sort()).toEqual(
      expect.arrayContaining([
        ...["base.onnx", "config.json", "metrics.jsonl", "model.onnx", "model.safetensors"],
        "report.html",
      ]),
    );
    const { predictions } = await answerOf<{ predictions: { class: string }[] }>(
      predictCommand,
      made,
      { data: join(data, "7") },
    );
    const right = predictions.filter((prediction) => prediction.class === "7");
    expect(right.length / predictions.length).toBeGreaterThan(0.75);
    const again = { epochs: "1", normalize: "unit" };
    const { facts: later } = await finetune(join(made, "model.onnx"), again);
    expect(later["head"]).toBe("the model's own");
    expect(later["accuracy before"]).toBe(`${(100 * metrics.accuracy).toFixed(1)} %`);
  }, 60_000);

  test("trains the head alone, and leaves all else as it was", async () => {
    const { run: made, metrics, facts } = await finetune(digits, { train: "head", epochs: "6" });
    expect(facts["trained parameters"]).toBe("132 of 23,652");
    expect(metrics.accuracy).toBeGreaterThan(share(facts["accuracy before"]) + 0.2);
    const { tensors } = await loadSafetensors(join(made, "model.safetensors"));
    const { parameters } = importOnnx(readFileSync(digits));
    for (const variable of parameters.filter(({ name }) => !name.startsWith("head."))) {
      const { data: values } = await variable.get();
      expect(tensors.get(`body.${variable.name}`)?.data).toEqual(values);
    }
  }, 60_000);

  test("frees the batch of one picture that an exporter fixed", async () => {
    const one = await written((x) => matmul(mean(x, { axes: [2, 3] }), weight), [1, 3, 8, 8]);
    const { facts, metrics } = await finetune(one, { epochs: "1", newHead: true });
    expect(facts["of"]).toBe("4 classes, colour, 8 x 8 pixels, normalised by imagenet");
    expect(metrics.accuracy).toBeGreaterThan(0);
  });

  test.each<
    readonly [string, () => string | Promise<string>, Record<string, string>, string | RegExp]
  >([
    ["no file", () => "lost.onnx", {}, '"lost.onnx" does not exist: give an ONNX file.'],
    ["a folder", () => data, {}, /^".*digits" is a folder: give an ONNX file\.$/],
    [
      "another file",
      () => notOnnx(),
      {},
      /^".*notes\.txt" is no ONNX file: give a model that was exported as ONNX\.$/,
    ],
    [
      "an unknown layer",
      () => digits,
      { features: "/stem/stem.1/Reluu_output_0" },
      /^--features: the model has no "\/stem\/stem\.1\/Reluu_output_0"; did you mean .*Relu.*\?$/,
    ],
    [
      "an unknown input",
      () => digits,
      { input: "pixel" },
      '--input: the model has no "pixel"; did you mean pixels?',
    ],
    [
      "an unknown output",
      () => digits,
      { output: "classes" },
      '--output: the model has no "classes"; there are scores.',
    ],
    [
      "another size",
      () => digits,
      { size: "32" },
      "the model takes pictures of 28 x 28, not 32 x 32: leave --size out.",
    ],
    [
      "ImageNet's colours on grey",
      () => digits,
      { normalize: "imagenet" },
      "--normalize imagenet is of colours, and the model takes grey pictures: use half, unit, bytes or data.",
    ],
    [
      "no pictures for an input",
      () => written((x) => matmul(x, weight), ["batch", 3]),
      {},
      `the model's input "x" is float32 [batch, 3], which are no pictures: those are float32 [batch, channels, height, width] of 1 or 3 channels.`,
    ],
    [
      "an output of places",
      () => written((x) => mean(x, { axes: 1 }), ["batch", 3, 8, 8]),
      {},
      `the model's output "result" is [2, 8, 8] for 2 pictures, and a classifier gives [batch, classes]: name another --output, or a layer with --features.`,
    ],
    [
      "no head to replace",
      () => written((x) => reshape(x, [x.shape[0] as number, -1]), ["batch", 3, 8, 8]),
      {},
      `the model's output "result" does not come from one linear layer that a new head of 4 classes could take the place of: name a layer with --features.`,
    ],
    [
      "one side that is fixed",
      () => written((x) => mean(x, { axes: [2, 3] }), ["batch", 3, 8, "width"]),
      {},
      "the model takes pictures with a height of 8 and leaves the other side free: say both with --size HEIGHTxWIDTH.",
    ],
  ])("refuses %s", async (_, file, options, message) => {
    const out = join(folder, "refused");
    await expect(finetune(await file(), { ...options, out })).rejects.toThrow(message);
    expect(existsSync(out)).toBe(false);
  });

  test("refuses a model whose weights stand in a file that is lost", async () => {
    const wide = new Variable([192, 40], { name: "wide", initial: 1 });
    const classify = (x: Tensor): Tensor => matmul(reshape(x, [x.shape[0] as number, -1]), wide);
    const inputs = { x: { shape: ["batch", 3, 8, 8] } };
    const { model } = await exportOnnx(classify, { inputs, externalData: "lost.bin" });
    const path = join(folder, "apart.onnx");
    writeFileSync(path, model);
    await expect(finetune(path)).rejects.toThrow(
      `"${path}" keeps its weights in "${join(folder, "lost.bin")}", which does not exist.`,
    );
  });

  test("refuses too few pictures", async () => {
    const few = join(folder, "few");
    for (const name of ["a", "b"]) mkdirSync(join(few, name), { recursive: true });
    const picture = await sharp({
      create: { width: 28, height: 28, channels: 3, background: "#888" },
    })
      .png()
      .toBuffer();
    writeFileSync(join(few, "a", "1.png"), picture);
    writeFileSync(join(few, "b", "1.png"), picture);
    await expect(finetune(digits, { data: few })).rejects.toThrow(
      'split: class "a" has 1 image, and a split needs at least 2 of every class: add images or leave the class out.',
    );
  });
});

const weight = new Variable([3, 4], { name: "weight", initial: 1 });

async function written(
  fn: (x: Tensor) => Tensor,
  shape: readonly (number | string)[],
): Promise<string> {
  const { model } = await exportOnnx(fn, { inputs: { x: { shape } } });
  const path = join(folder, "written.onnx");
  writeFileSync(path, model);
  return path;
}

function notOnnx(): string {
  const path = join(folder, "notes.txt");
  writeFileSync(path, "no model");
  return path;
}
