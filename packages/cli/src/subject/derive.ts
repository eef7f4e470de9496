import { join } from "node:path";
import type { System } from "@quire/papers";
import type { GraphTransform } from "@quire/tensor";
import { UsageError } from "../errors.ts";
import { checkWritable } from "../files.ts";
import { text } from "../option.ts";
import { checkName, createRun, RUNS, runFiles, writeConfig } from "../run-folder.ts";
import { exportSystem, saveWeights } from "../saving.ts";
import { chained } from "./chained.ts";
import type { Subject } from "./subject.ts";

/** Where commands that change a model write what they made. */
export const derivedOptions = {
  name: text("NAME", "Name of the new run; the method's with a number unless said"),
  out: text("PLACE", "Folder of the new run, runs unless said; or the new ONNX file"),
};

/** Where a changed model goes, as the user says it. */
export interface Place {
  readonly name: string | undefined;
  readonly out: string | undefined;
}

/** What a method made of a model. */
export interface Changed {
  /** The method's paper. */
  readonly method: string;
  /** What the method is told to open it again. */
  readonly options: object;
  /** The model with its new values. */
  readonly system: System;
  /** The change of what it computes, if it is one; what `method` makes of the options. */
  readonly transform?: GraphTransform;
  /** What the name of a new file ends with, before `.onnx`. */
  readonly suffix: string;
  /** The command line. */
  readonly words: readonly string[];
}

/**
 * Makes sure, before any work, that a changed model can be written where it is to go.
 *
 * @throws UsageError when it cannot.
 */
export async function checkPlace({ run }: Subject, { name, out }: Place): Promise<void> {
  if (!run) {
    if (name === undefined) return await checkWritable(join(out ?? ".", ".."));
    throw new UsageError("--name is for runs: say where the ONNX file goes with --out.");
  }
  const runs = out ?? RUNS;
  if (name !== undefined) checkName(runs, name);
  await checkWritable(runs);
}

/**
 * Writes a changed model: a run as a new run, which says what it comes from and is used like any other; an ONNX file
 * as another one with the same inputs and outputs, beside it unless the user says where. Gives its path.
 */
export async function writeChanged(
  { run, folder, name: stem, compile }: Subject,
  { name, out }: Place,
  changed: Changed,
): Promise<string> {
  const { method, options, system, suffix, words } = changed;
  const transform = chained(compile.transform, changed.transform);
  const written = transform && { transform };
  if (!run) {
    const file = out ?? join(folder, `${stem}.${suffix}.onnx`);
    await exportSystem(file, system, written);
    return file;
  }
  const { model, training, derived = [] } = run.config;
  const made = await createRun(out ?? RUNS, method, name);
  await writeConfig(made, {
    ...{ model, words, derived: [...derived, { method, from: folder, options }] },
    ...(training && { training }),
  });
  await saveWeights(made, system);
  await exportSystem(join(made, runFiles.onnx), system, written);
  return made;
}
