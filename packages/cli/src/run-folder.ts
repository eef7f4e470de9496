import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { appendFile, mkdir } from "node:fs/promises";
import { join } from "node:path";
import {
  type CurvePoint,
  ImageClassifier,
  type ImageModelDescription,
  type ImageRecipe,
  type ModelDescription,
} from "@quire/papers";
import { QuireError } from "@quire/tensor";
import { loadModelFile } from "@quire/train/node";
import { UsageError } from "./errors.ts";
import { makeFolder, writeWhole, writing } from "./files.ts";
import { commit, versions } from "./machine.ts";
import { suggestion } from "./nearest.ts";
import { loadBuild } from "./papers.ts";

/** The files of a run. */
export const runFiles = {
  config: "config.json",
  metrics: "metrics.jsonl",
  model: "model.safetensors",
  onnx: "model.onnx",
  report: "report.html",
} as const;

/** What `config.json` holds: all that is needed to build the model again, and where it comes from. */
export interface RunConfig {
  /** The form of this file. */
  readonly format: 1;
  readonly model: ImageModelDescription;
  /** How `quire train` trained it; what `quire reproduce` leaves stands in its results. */
  readonly training?: {
    readonly recipe: ImageRecipe;
    readonly seed: number;
    readonly folder: string;
    readonly train: number;
    readonly validation: number;
    /** The share of the pictures that was kept apart; runs of older versions do not say. */
    readonly apart?: number;
  };
  readonly command: string;
  readonly written: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly commit?: string;
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
  given: Pick<RunConfig, "training"> & {
    readonly model: ModelDescription;
    readonly words: readonly string[];
  },
): Promise<void> {
  const { words, ...rest } = given;
  const sources = commit();
  const config = {
    format: 1,
    ...rest,
    command: ["quire", ...words].join(" "),
    written: new Date().toISOString(),
    versions: versions(),
    ...(sources === undefined ? {} : { commit: sources }),
  };
  await writeWhole(join(folder, runFiles.config), `${JSON.stringify(config, null, 2)}\n`);
}

/** Adds a line to a run's `metrics.jsonl`. */
export async function addMetrics(folder: string, { epoch, values }: CurvePoint): Promise<void> {
  const path = join(folder, runFiles.metrics);
  await writing(path, () => appendFile(path, `${JSON.stringify({ epoch, ...values })}\n`));
}

/** A run that was opened. */
export interface OpenRun {
  readonly folder: string;
  readonly config: RunConfig;
  readonly classifier: ImageClassifier;
}

/**
 * Opens a run by its path, or by its name in the folder of runs, and loads what it learnt.
 *
 * @throws QuireError when there is no such run, or a file of it is missing or damaged.
 */
export async function openRun(run: string): Promise<OpenRun> {
  const folder = findRun(run);
  const config = readConfig(folder);
  const build = await loadBuild(config.model.paper);
  const model = build(config.model.options, config.model.target);
  const path = join(folder, runFiles.model);
  if (!existsSync(path)) {
    throw new UsageError(`run "${folder}" has no ${runFiles.model}: train it again.`);
  }
  await loadModelFile(path, model).catch((cause: unknown) => {
    if (!(cause instanceof QuireError)) throw cause;
    throw new UsageError(`${cause.message} Restore the file, or train the run again.`, { cause });
  });
  return { folder, config, classifier: new ImageClassifier(model, config.model) };
}

function findRun(run: string): string {
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
  if (config.format === 1 && config.model?.task === "image-classification") return config;
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
