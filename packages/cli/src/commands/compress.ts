import { statSync } from "node:fs";
import { join } from "node:path";
import { type Dataset, imageTensor } from "@quire/data";
import { imageFolder } from "@quire/data/files";
import { ImageClassifier } from "@quire/papers";
import {
  blocks,
  calibrate,
  float16,
  type HostTensor,
  int8,
  type Quantization,
} from "@quire/tensor";
import { command } from "../command.ts";
import { UsageError } from "../errors.ts";
import { checkWritable, makeFolder } from "../files.ts";
import { count, percent } from "../numbers.ts";
import { text } from "../option.ts";
import { type OpenRun, openRun } from "../run-folder.ts";
import { exportSystem } from "../saving.ts";
import { table } from "../table.ts";

/** A way to store a model, and what came of it. */
interface Variant {
  readonly name: string;
  readonly file: string;
  readonly bytes: number;
  readonly accuracy: number;
  /** Mean time of a picture, in batches. */
  readonly milliseconds: number;
}

/** Pictures that a model is measured on, and those whose values its inputs are rounded by. */
interface Pictures {
  readonly measured: Dataset;
  readonly examples: Dataset;
}

/** So many pictures show between which values a model's inputs stand. */
const EXAMPLES = 100;

/** Stores a run's model in fewer bits, and compares. */
export const compressCommand = command({
  name: "compress",
  summary: "Store a run's model in fewer bits; compare size, speed and accuracy",
  arguments: [{ name: "RUN", summary: "The run's folder, or its name in runs" }],
  options: {
    data: text(
      "FOLDER",
      "Pictures to measure on, a folder a class; those the run kept apart unless said",
    ),
    out: text("FOLDER", "Where to write the files; the run's folder unless said"),
  },
  examples: ["quire compress runs/cct-1", "quire compress cct-1 --data holiday --out small"],
  run: async ([name = ""], { data, out }, { console }) => {
    const run = await openRun(name);
    const folder = out ?? run.folder;
    await checkWritable(folder);
    const reading = console.progress("reading");
    const pictures = await picturesFor(run, data, reading.update).finally(reading.finish);
    await makeFolder(folder);
    const schemes = await schemesFor(run.classifier, pictures.examples);
    const progress = console.progress("measuring");
    const variants: Variant[] = [];
    for (const [name, scheme] of schemes) {
      progress.update(variants.length / schemes.length, name);
      variants.push(await measured(run.classifier, name, scheme, folder, pictures.measured));
    }
    progress.finish();
    console.print(`${report(variants)}\nMeasured on ${count(pictures.measured.size)} pictures.`);
    console.result({ pictures: pictures.measured.size, variants });
  },
});

async function picturesFor(
  { config, classifier }: OpenRun,
  data: string | undefined,
  onRead: (share: number) => void,
): Promise<Pictures> {
  const { folder = data, apart, seed = 0 } = data === undefined ? (config.training ?? {}) : {};
  if (folder === undefined || (data === undefined && apart === undefined)) {
    throw new UsageError(
      "this run does not say which pictures it kept apart: say on which to measure with --data.",
    );
  }
  const { target, classes } = classifier.description;
  const all = await imageFolder(folder, {
    size: { height: target.height, width: target.width },
    channels: target.channels === 1 ? 1 : 3,
    progress: ({ stage, done, total }) =>
      onRead((done / total + (stage === "reading" ? 1 : 0)) / 2),
  });
  if (all.classes.join() !== classes.join()) {
    throw new UsageError(
      `"${folder}" has the classes ${all.classes.join(", ")}, the run has ${classes.join(", ")}: give pictures of its classes.`,
    );
  }
  if (apart === undefined) return { measured: all, examples: all };
  const parts = all.split({ fraction: apart, seed });
  return { measured: parts.test, examples: parts.train };
}

type Named = readonly [name: string, scheme: Quantization | undefined];

async function schemesFor(classifier: ImageClassifier, examples: Dataset): Promise<Named[]> {
  const ranges = await calibrate(
    (images) => classifier.classify(images as Parameters<typeof classifier.classify>[0]).logits,
    batchesOf(examples, classifier),
  );
  return [
    ["float32", undefined],
    ["float16", float16()],
    ["int8", int8()],
    ["int8-static", int8({ ranges })],
    ["int8-blocks", blocks({ bits: 8 })],
    ["int4-blocks", blocks({ bits: 4 })],
  ];
}

/** The first pictures, mixed by class, a few at a time. */
function* batchesOf(
  { images, size, imageBytes }: Dataset,
  { description: { target } }: ImageClassifier,
): Generator<[HostTensor]> {
  const step = Math.max(1, Math.floor(size / EXAMPLES));
  for (let place = 0; place < size; place += step) {
    yield [imageTensor(images.subarray(place * imageBytes, (place + 1) * imageBytes), target)];
  }
}

async function measured(
  { model, description }: ImageClassifier,
  name: string,
  quantization: Quantization | undefined,
  folder: string,
  pictures: Dataset,
): Promise<Variant> {
  const stored = new ImageClassifier(model, description, quantization ? { quantization } : {});
  const file = join(folder, name === "float32" ? "model.onnx" : `model.${name}.onnx`);
  await exportSystem(file, stored, quantization);
  const { accuracy } = await stored.evaluate(pictures);
  const started = performance.now();
  await stored.evaluate(pictures);
  const milliseconds = (performance.now() - started) / pictures.size;
  await stored.release();
  return { name, file, bytes: statSync(file).size, accuracy, milliseconds };
}

function report(variants: readonly Variant[]): string {
  const [first] = variants as readonly [Variant];
  const titles = ["weights", "file", "bytes", "of float32", "accuracy", "ms a picture"];
  const rows = variants.map(({ name, file, bytes, accuracy, milliseconds }) => [
    name,
    file,
    count(bytes),
    percent(bytes / first.bytes),
    percent(accuracy),
    milliseconds.toFixed(2),
  ]);
  const columns = titles.map((title, i) => ({ title, align: i < 2 ? "left" : "right" }) as const);
  return table(columns, rows);
}
