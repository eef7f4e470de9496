import { existsSync, statSync } from "node:fs";
import { basename, dirname, extname } from "node:path";
import type { System } from "@quire/papers";
import { ImportedSystem } from "@quire/papers/imported-system";
import type { CompileOptions, Examples } from "@quire/tensor";
import type { Console } from "../console.ts";
import { UsageError } from "../errors.ts";
import { choice, size, text, type Values } from "../option.ts";
import { type OpenRun, openRun } from "../run-folder.ts";
import type { Evaluation } from "../tasks/task.ts";
import { fileData } from "./file-data.ts";
import { normalizations } from "./normalization.ts";
import { readOnnx } from "./read-onnx.ts";
import { runData } from "./run-data.ts";

/** How commands that take any model call it. */
export const subjectArgument = {
  name: "MODEL",
  summary: "A run's folder, its name in runs, or an ONNX file that others made",
};

/** What commands that take any model ask of its data. */
export const subjectOptions = {
  data: text(
    "DATA",
    "What to measure on: of a run, what it kept apart unless said; of a file, pictures (in class folders to " +
      "measure accuracy), or a .safetensors file of its inputs by name, with labels if there are",
  ),
  size: size("Pixels of the pictures for a file that takes any: a side, or HEIGHTxWIDTH"),
  normalize: choice(
    "How pictures for a file are normalised; what its notes say, else ImageNet's colours, or grey from -1 to 1, unless said",
    normalizations,
  ),
};

/** A trained model that a command measures, stores otherwise or changes, wherever it comes from. */
export interface Subject {
  /** What texts and new files call it: `cct-1`, `resnet`. */
  readonly name: string;
  /** The run it is, or undefined for an ONNX file. */
  readonly run: OpenRun | undefined;
  /** The run's folder, or that of the file. */
  readonly folder: string;
  readonly system: System;
  /** What to measure it on, where there is something. */
  readonly data: SubjectData | undefined;
  /** What methods have changed of what it computes, for compiling and writing it. */
  readonly compile: OpenRun["compile"];
  /** The same model once more, with weights of its own. */
  again(compile?: CompileOptions): Promise<System>;
}

/** What a subject is measured on. */
export interface SubjectData {
  /** Arguments of the exported function, some hundred; undefined where only measuring is known. */
  readonly examples: (() => Examples) | undefined;
  /** The classes of the examples, in the order of the examples and inside of each, where they are known. */
  readonly labels?: Int32Array;
  /** Measures a system that computes what the subject does: the subject changed, or itself. */
  measure(system: System): Promise<Evaluation>;
}

/** How a subject is opened. */
export interface SubjectContext {
  readonly seed: number;
  readonly console: Console;
}

/**
 * Opens a run, or an ONNX file that others made, with the data to measure it on.
 *
 * @throws UsageError when there is neither, or the data do not fit.
 */
export async function openSubject(
  name: string,
  options: Values<typeof subjectOptions>,
  context: SubjectContext,
): Promise<Subject> {
  if (!isFile(name)) return await runSubject(name, options, context);
  const files = await readOnnx(name);
  const system = new ImportedSystem(files);
  const data =
    options.data === undefined
      ? undefined
      : await fileData(system, { ...options, path: options.data }, context.console);
  return {
    name: basename(name, extname(name)),
    ...{ run: undefined, folder: dirname(name), system, data, compile: {} },
    again: async (compile) => new ImportedSystem(files, compile),
  };
}

/** Whether a word names a file, not a run: one that is there, or looks like one. */
function isFile(name: string): boolean {
  return existsSync(name) ? statSync(name).isFile() : extname(name) === ".onnx";
}

async function runSubject(
  name: string,
  { data: path, size: side, normalize }: Values<typeof subjectOptions>,
  context: SubjectContext,
): Promise<Subject> {
  if (side !== undefined || normalize !== undefined) {
    const flag = side === undefined ? "--normalize" : "--size";
    throw new UsageError(`${flag} is for ONNX files: the run knows its own, leave it out.`);
  }
  const run = await openRun(name);
  return {
    ...{ name: basename(run.folder), run, folder: run.folder, system: run.system },
    compile: run.compile,
    data: await runData(run, path, context),
    again: async (compile) => (await openRun(run.folder, compile)).system,
  };
}

/**
 * The data of a subject that cannot go without.
 *
 * @throws UsageError when there are none.
 */
export function requireData({ run, folder, name, data }: Subject): SubjectData {
  if (data) return data;
  throw new UsageError(
    run
      ? `run "${folder}" does not say what it kept apart: say on what to measure with --data.`
      : `"${name}.onnx" says nothing of its data: say on what to measure with --data.`,
  );
}
