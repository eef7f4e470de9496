import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type {
  Derivation,
  ModelDescription,
  Recipe,
  ShownMetric,
  System,
  TrainingExtras,
} from "@quire/papers";
import { IMPORTED } from "@quire/papers/imported-system";
import { type CompileOptions, type GraphTransform, QuireError } from "@quire/tensor";
import { loadModelFile } from "@quire/train/node";
import { UsageError } from "./errors.ts";
import { makeFolder, writeWhole, writing } from "./files.ts";
import { type Machine, machine, versions } from "./machine.ts";
import { suggestion } from "./nearest.ts";
import { loadBuild, loadMethod } from "./papers.ts";
import { commit } from "./sources.ts";
import { chained } from "./subject/chained.ts";
import { importedBuild } from "./subject/imported-build.ts";
import type { Task } from "./tasks/task.ts";
import { taskNamed } from "./tasks/tasks.ts";

/** The files of a run. */
export const runFiles = {
  config: "config.json",
  metrics: "metrics.jsonl",
  model: "model.safetensors",
  onnx: "model.onnx",
  report: "report.html",
} as const;

/** What `config.json` holds: all that is needed to build the model again, and to train it again. */
export interface RunConfig {
  /** The form of this file. */
  readonly format: 2;
  readonly model: ModelDescription;
  /** What methods made of it since it was trained, in their order. */
  readonly derived?: readonly Derivation[];
  /** How `quire train` trained it; what `quire reproduce` leaves stands in its results. */
  readonly training?: TrainingConfig;
  readonly command: string;
  readonly written: string;
  readonly machine: Machine;
  readonly versions: Readonly<Record<string, string>>;
  readonly commit?: string;
}

/** What a training is made from again. */
export interface TrainingConfig {
  /** Where the data are, and what they were. */
  readonly data: string;
  readonly fingerprint: string;
  /** Values of the task's options. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly preset: string;
  readonly recipe: Recipe;
  readonly extras: TrainingExtras;
  /** The run whose weights it began with. */
  readonly from?: string;
  readonly seed: number;
  /** Checkpoints that are kept beside the best one. */
  readonly keep: number;
  /** Seconds between checkpoints at most; the recorder's own unless said. */
  readonly saveEvery?: number;
  /** What evaluations measured, the metric that says which epoch is best first. */
  readonly metrics?: readonly ShownMetric[];
  /** Which weights the run ends with. */
  readonly weights: "best" | "last";
}

/** Where runs are kept unless the user says otherwise. */
export const RUNS = "runs";

/**
 * Makes the folder of a new run: of the name given, or else of the paper's with the next free number.
 *
 * @throws UsageError when a run of the name given exists, or the folder cannot be made.
 */
export async function createRun(runs: string, paper: string, name?: string): Promise<string> {
  if (name !== undefined) checkName(runs, name);
  await makeFolder(runs);
  const folder = join(runs, name ?? nextName(runs, paper));
  await writing(folder, () => mkdir(folder));
  return folder;
}

/**
 * Finds out whether a run can have a name.
 *
 * @throws UsageError when it is no name for a folder, or taken.
 */
export function checkName(runs: string, name: string): void {
  if (!/^[\p{L}\p{N}][\p{L}\p{N}._-]*$/u.test(name)) {
    throw new UsageError(
      `--name "${name}" is no name for a folder: use letters, digits, dots, dashes and underscores.`,
    );
  }
  const folder = join(runs, name);
  if (!existsSync(folder)) return;
  throw new UsageError(
    `run "${folder}" exists: choose another --name, or leave it out to get the next number.`,
  );
}

function nextName(runs: string, paper: string): string {
  let number = 1;
  while (existsSync(join(runs, `${paper}-${number}`))) number++;
  return `${paper}-${number}`;
}

/** Writes a run's `config.json`. */
export async function writeConfig(
  folder: string,
  given: Pick<RunConfig, "model" | "training" | "derived"> & { readonly words: readonly string[] },
): Promise<void> {
  const { words, ...rest } = given;
  const sources = commit();
  const config: RunConfig = {
    format: 2,
    ...rest,
    command: ["quire", ...words].join(" "),
    written: new Date().toISOString(),
    machine: machine(),
    versions: versions(),
    ...(sources === undefined ? {} : { commit: sources }),
  };
  await writeWhole(join(folder, runFiles.config), `${JSON.stringify(config, null, 2)}\n`);
}

/** A run that was opened. */
export interface OpenRun {
  readonly folder: string;
  readonly config: RunConfig;
  readonly task: Task;
  readonly system: System;
  /** What its methods change of what it computes, for compiling and writing it. */
  readonly compile: Pick<CompileOptions, "transform">;
}

/**
 * Opens a run by its path, or by its name in the folder of runs, and loads what it learnt.
 *
 * @param compile How what it computes is compiled.
 * @throws QuireError when there is no such run, or a file of it is missing or damaged.
 */
export async function openRun(run: string, compile: CompileOptions = {}): Promise<OpenRun> {
  const folder = findRun(run);
  const { config, task } = readRun(folder);
  const path = weightsIn(folder);
  const { paper } = config.model;
  const build = paper === IMPORTED ? await importedBuild(folder) : await loadBuild(paper);
  const changes = await changesOf(config.derived ?? []);
  const opening = {
    ...{ description: config.model, build, folder },
    compile: { ...compile, ...changes },
  };
  const system = await task.open(opening);
  await loadModelFile(path, system.model).catch((cause: unknown) => {
    if (!(cause instanceof QuireError)) throw cause;
    throw new UsageError(`${cause.message} Restore the file, or train the run again.`, { cause });
  });
  return { folder, config, task, system, compile: changes };
}

/** What methods change of what a run computes. */
async function changesOf(derived: readonly Derivation[]): Promise<OpenRun["compile"]> {
  const methods: GraphTransform[] = [];
  for (const { method, options } of derived) {
    const { transform } = await loadMethod(method);
    if (transform) methods.push(transform(options));
  }
  const transform = chained(...methods);
  return transform ? { transform } : {};
}

/**
 * The file of a run's weights.
 *
 * @throws UsageError when the run has not ended.
 */
export function weightsIn(folder: string): string {
  const path = join(folder, runFiles.model);
  if (existsSync(path)) return path;
  throw new UsageError(
    `run "${folder}" has no ${runFiles.model}: its training has not ended; go on with quire train --resume ${folder}.`,
  );
}

/**
 * The configuration and the task of the run in a folder.
 *
 * @throws UsageError when it is no run, or one that this version does not read.
 */
export function readRun(folder: string): Pick<OpenRun, "config" | "task"> {
  const config = readConfig(folder);
  const task = taskNamed(config.model.task);
  if (task) return { config, task };
  throw new UsageError(
    `run "${folder}" is of the task "${config.model.task}", which this version does not know.`,
  );
}

/**
 * The folder of a run, by its path or by its name in the folder of runs.
 *
 * @throws UsageError when there is none.
 */
export function findRun(run: string): string {
  const found = [run, join(RUNS, run)].find((path) => existsSync(path));
  if (found === undefined) {
    const known = existsSync(RUNS) ? readdirSync(RUNS) : [];
    const end = suggestion(run, known, "give the folder that quire train made.");
    throw new UsageError(`run "${run}" does not exist${end}`);
  }
  if (!statSync(found).isDirectory()) {
    throw new UsageError(`"${found}" is a file, not a run: give the folder that quire train made.`);
  }
  return found;
}

function readConfig(folder: string): RunConfig {
  const path = join(folder, runFiles.config);
  if (!existsSync(path)) {
    throw new UsageError(
      `"${folder}" is no run: it has no ${runFiles.config}; give the folder that quire train made.`,
    );
  }
  const config = parsed(path);
  if (config.format === 2 && config.model?.task !== undefined) return config;
  throw new UsageError(
    `"${path}" is not the configuration of a run that this version reads: train it again.`,
  );
}

function parsed(path: string): RunConfig {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as RunConfig;
  } catch (cause) {
    throw new UsageError(`"${path}" is damaged: it is no JSON; train the run again.`, { cause });
  }
}
