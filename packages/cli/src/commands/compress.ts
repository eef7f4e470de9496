import { statSync } from "node:fs";
import { join } from "node:path";
import type { System } from "@quire/papers";
import { blocks, calibrate, float16, int8, type Quantization, type Tensor } from "@quire/tensor";
import { command } from "../command.ts";
import { checkWritable, makeFolder } from "../files.ts";
import { metricText, spaced } from "../metric-text.ts";
import { count, percent } from "../numbers.ts";
import { text } from "../option.ts";
import { exportSystem } from "../saving.ts";
import {
  openSubject,
  requireData,
  type Subject,
  type SubjectData,
  subjectArgument,
  subjectOptions,
} from "../subject/subject.ts";
import { table } from "../table.ts";
import type { Evaluation } from "../tasks/task.ts";

/** A way to store a model, and what came of it. */
interface Variant {
  readonly name: string;
  readonly file: string;
  readonly bytes: number;
  readonly evaluation: Evaluation;
  /** Mean time of an example, in batches. */
  readonly milliseconds: number;
}

/** Stores a model in fewer bits, and compares. */
export const compressCommand = command({
  name: "compress",
  computes: true,
  summary: "Store a model in fewer bits; compare size, speed and accuracy",
  arguments: [subjectArgument],
  options: {
    ...subjectOptions,
    out: text("FOLDER", "Where to write the files; the run's folder, or the file's, unless said"),
  },
  examples: [
    "quire compress runs/cct-1",
    "quire compress cct-1 --data holiday --out small",
    "quire compress resnet.onnx --data flowers",
  ],
  run: async ([name = ""], { out, ...options }, { console }) => {
    const { seed } = options;
    const subject = await openSubject(name, options, { seed, console });
    const folder = out ?? subject.folder;
    await checkWritable(folder);
    const data = requireData(subject);
    await makeFolder(folder);
    const schemes = await schemesFor(subject, data);
    const progress = console.progress("measuring");
    const variants: Variant[] = [];
    for (const [variant, scheme] of schemes) {
      progress.update(variants.length / schemes.length, variant);
      const quantization = scheme && { quantization: scheme };
      const system = await subject.again(quantization);
      const file = join(folder, fileName(subject, variant));
      await exportSystem(file, system, { ...subject.compile, ...quantization });
      variants.push({ name: variant, file, ...(await measured(system, file, data)) });
      await system.release();
    }
    progress.finish();
    console.print(report(variants));
    console.result({ variants });
  },
});

/** What a run calls its file stays; a file of others is not written over. */
function fileName({ run, name }: Subject, variant: string): string {
  if (!run) return `${name}.${variant}.onnx`;
  return variant === "float32" ? "model.onnx" : `model.${variant}.onnx`;
}

type Named = readonly [name: string, scheme: Quantization | undefined];

/** Ways to store; ranges of inputs are known in advance only where there are examples. */
async function schemesFor(
  { system: { exported }, compile }: Subject,
  { examples }: SubjectData,
): Promise<Named[]> {
  const run = (...inputs: Tensor[]) => exported.run(...inputs);
  const fixed: Named[] = examples
    ? [["int8-static", int8({ ranges: await calibrate(run, examples(), compile) })]]
    : [];
  return [
    ["float32", undefined],
    ["float16", float16()],
    ["int8", int8()],
    ...fixed,
    ["int8-blocks", blocks({ bits: 8 })],
    ["int4-blocks", blocks({ bits: 4 })],
  ];
}

/** The first measurement compiles; the second one is timed. */
async function measured(
  system: System,
  file: string,
  { measure }: SubjectData,
): Promise<Pick<Variant, "bytes" | "evaluation" | "milliseconds">> {
  const evaluation = await measure(system);
  const started = performance.now();
  await measure(system);
  const milliseconds = (performance.now() - started) / evaluation.count;
  return { bytes: statSync(file).size, evaluation, milliseconds };
}

function report(variants: readonly Variant[]): string {
  const [first] = variants as readonly [Variant];
  const { metrics, count: number, what } = first.evaluation;
  const titles = [
    "weights",
    "file",
    "bytes",
    "of float32",
    ...metrics.map(({ name }) => spaced(name)),
  ];
  const columns = [...titles, "ms each"].map(
    (title, i) => ({ title, align: i < 2 ? "left" : "right" }) as const,
  );
  const rows = variants.map(({ name, file, bytes, evaluation, milliseconds }) => [
    ...[name, file, count(bytes), percent(bytes / first.bytes)],
    ...evaluation.metrics.map(({ value, as }) => metricText(value, as)),
    milliseconds.toFixed(2),
  ]);
  return `${table(columns, rows)}\nMeasured on ${count(number)} ${what}.`;
}
