import { statSync } from "node:fs";
import { join } from "node:path";
import type { System } from "@quire/papers";
import {
  blocks,
  calibrate,
  float16,
  type HostTensor,
  int8,
  type Quantization,
  type Tensor,
} from "@quire/tensor";
import { command } from "../command.ts";
import type { Console } from "../console.ts";
import { UsageError } from "../errors.ts";
import { checkWritable, makeFolder } from "../files.ts";
import { metricText, spaced } from "../metric-text.ts";
import { count, percent } from "../numbers.ts";
import { text } from "../option.ts";
import { type OpenRun, openRun } from "../run-folder.ts";
import { exportSystem } from "../saving.ts";
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

/** What a model is measured on, and examples of what it is fed. */
interface Measuring {
  measure(system: System): Promise<Evaluation>;
  readonly examples: Iterable<readonly HostTensor[]> | undefined;
}

/** Stores a run's model in fewer bits, and compares. */
export const compressCommand = command({
  name: "compress",
  summary: "Store a run's model in fewer bits; compare size, speed and accuracy",
  arguments: [{ name: "RUN", summary: "The run's folder, or its name in runs" }],
  options: {
    data: text("DATA", "What to measure on; what the run kept apart unless said"),
    out: text("FOLDER", "Where to write the files; the run's folder unless said"),
  },
  examples: ["quire compress runs/cct-1", "quire compress cct-1 --data holiday --out small"],
  run: async ([name = ""], { data, out, seed }, { console }) => {
    const run = await openRun(name);
    const folder = out ?? run.folder;
    await checkWritable(folder);
    const measuring = await measuringOf(run, data, seed, console);
    await makeFolder(folder);
    const schemes = await schemesFor(run.system, measuring);
    const progress = console.progress("measuring");
    const variants: Variant[] = [];
    for (const [variant, scheme] of schemes) {
      progress.update(variants.length / schemes.length, variant);
      const quantization = scheme && { quantization: scheme };
      const { system } = await openRun(name, { ...quantization });
      const file = join(folder, variant === "float32" ? "model.onnx" : `model.${variant}.onnx`);
      await exportSystem(file, system, scheme);
      variants.push({ name: variant, file, ...(await measured(system, file, measuring)) });
      await system.release();
    }
    progress.finish();
    console.print(report(variants));
    console.result({ variants });
  },
});

async function measuringOf(
  { folder, config, task, system }: OpenRun,
  path: string | undefined,
  seed: number,
  console: Console,
): Promise<Measuring> {
  const { training } = config;
  const context = { folder, options: training?.options ?? {}, seed, console };
  const given = path !== undefined && ((of: System) => task.evaluate.run(of, path, context));
  if (!training) {
    if (given) return { measure: given, examples: undefined };
    throw new UsageError(
      `run "${folder}" does not say what it kept apart: say on what to measure with --data.`,
    );
  }
  const reading = { seed: training.seed, console };
  const learnt = await task.load(training.data, training.options, reading);
  const measure = given || ((of: System) => learnt.measure(of, seed));
  return { measure, examples: learnt.inputs(system) };
}

type Named = readonly [name: string, scheme: Quantization | undefined];

/** Ways to store; ranges of inputs are known in advance only where there are examples. */
async function schemesFor({ exported }: System, { examples }: Measuring): Promise<Named[]> {
  const run = (...inputs: Tensor[]) => exported.run(...inputs);
  const fixed: Named[] = examples
    ? [["int8-static", int8({ ranges: await calibrate(run, examples) })]]
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
  { measure }: Measuring,
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
