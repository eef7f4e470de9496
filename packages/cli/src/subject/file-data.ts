import { statSync } from "node:fs";
import { type System, shareInterval } from "@quire/papers";
import { ImportedSystem } from "@quire/papers/imported-system";
import { type Outputs, outputDifference } from "@quire/papers/output-difference";
import type { HostTensor } from "@quire/tensor";
import type { Console } from "../console.ts";
import { UsageError } from "../errors.ts";
import type { Evaluation, MeasuredMetric } from "../tasks/task.ts";
import { differenceMetrics } from "./difference.ts";
import { batchesOf, countSeen, type Examples } from "./examples.ts";
import { namedInputs } from "./named-inputs.ts";
import type { Normalization } from "./normalization.ts";
import { pictureExamples } from "./picture-examples.ts";
import type { SubjectData } from "./subject.ts";

/** Where the examples of a file's inputs are, and how pictures among them are read. */
export interface FileDataOptions {
  readonly path: string;
  readonly size: { readonly height: number; readonly width: number } | undefined;
  readonly normalize: Normalization | undefined;
}

/**
 * What an imported model is measured on: pictures, or its inputs by name in a safetensors file. Accuracy where the
 * classes are known and the model tells as many apart; how far outputs lie from the file's own in any case.
 *
 * @throws UsageError when there is nothing at the path, or it does not fit the model.
 */
export async function fileData(
  system: ImportedSystem,
  options: FileDataOptions,
  console: Console,
): Promise<SubjectData> {
  const { path } = options;
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found)
    throw new UsageError(`"${path}" does not exist: give pictures or a .safetensors file.`);
  const isNamed = found.isFile() && path.endsWith(".safetensors");
  const examples = isNamed
    ? await namedInputs(system, path)
    : await pictureExamples(system, options, console);
  if (countSeen(system.exported, examples) === 0) {
    throw new UsageError(
      `"${path}" holds fewer examples than the model takes at a time: give more.`,
    );
  }
  const measurer = new FileMeasurer(system, examples, console);
  return {
    examples: () => batchesOf(system.exported, examples),
    ...(examples.labels && { labels: examples.labels }),
    measure: (given) => measurer.measure(given),
  };
}

/** Measures systems that compute what an imported one does. */
class FileMeasurer {
  readonly #original: ImportedSystem;
  readonly #examples: Examples;
  readonly #console: Console;
  /** What the file itself gives, computed when it is first asked for. */
  #outputs: Promise<Outputs[]> | undefined;

  constructor(original: ImportedSystem, examples: Examples, console: Console) {
    this.#original = original;
    this.#examples = examples;
    this.#console = console;
  }

  async measure(system: System): Promise<Evaluation> {
    if (!(system instanceof ImportedSystem)) throw new TypeError("an imported system is measured");
    this.#outputs ??= this.#computed(this.#original);
    const outputs = await this.#computed(system);
    const metrics = differenceMetrics(outputDifference(outputs, await this.#outputs));
    const count = countSeen(this.#original.exported, this.#examples);
    const accuracy = this.#accuracy(outputs, count);
    return { count, what: "examples", metrics: accuracy ? [accuracy, ...metrics] : metrics };
  }

  async #computed(system: ImportedSystem): Promise<Outputs[]> {
    const outputs: Outputs[] = [];
    for (const batch of batchesOf(system.exported, this.#examples)) {
      outputs.push(await system.run(batch));
    }
    return outputs;
  }

  /** The share of examples whose largest score is that of their class. */
  #accuracy(outputs: readonly Outputs[], count: number): MeasuredMetric | undefined {
    const { labels } = this.#examples;
    if (!labels) return undefined;
    const scores = outputs.map((named) => scoresIn(named, labels));
    if (scores.includes(undefined)) {
      this.#console.note(
        "No output of the model is [examples, classes] of as many classes as the data have: accuracy is not measured.",
      );
      return undefined;
    }
    const taken = (scores as HostTensor[]).flatMap(likeliest);
    const right = taken.filter((label, i) => label === labels[i]).length;
    const interval = shareInterval(right, count);
    return { name: "accuracy", as: "share", better: "higher", value: right / count, interval };
  }
}

/** The first output that has a score for every class. */
function scoresIn(outputs: Outputs, labels: Int32Array): HostTensor | undefined {
  const most = labels.reduce((largest, label) => Math.max(largest, label), 0);
  return Object.values(outputs).find(({ shape, dtype }) => {
    return shape.length === 2 && dtype === "float32" && (shape[1] as number) > most;
  });
}

/** The place of the largest score of each row. `[B, K] -> [B]` */
function likeliest(scores: HostTensor): number[] {
  const [rows, classes] = scores.shape as readonly [number, number];
  const values = scores.toArray();
  return Array.from({ length: rows }, (_, row) => {
    const own = values.slice(row * classes, (row + 1) * classes);
    return own.indexOf(Math.max(...own));
  });
}
