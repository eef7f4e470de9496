import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { ShownMetric } from "@quire/papers";
import { QuireError } from "@quire/tensor";
import { findRun, type RunConfig, readRun, runFiles } from "./run-folder.ts";

/** A run as lists and comparisons show it. */
export interface RunSummary {
  readonly folder: string;
  readonly config: RunConfig;
  readonly points: readonly RunPoint[];
  /** Whether it came to its end; `early` where it was stopped, by the user or its patience. */
  readonly state: "done" | "early" | "unfinished";
  /** The task's first metric, and its best value. */
  readonly best?: { readonly metric: ShownMetric; readonly value: number; readonly epoch: number };
}

/** A line of a run's metrics. */
export interface RunPoint {
  readonly epoch: number;
  readonly values: Readonly<Record<string, number>>;
}

/** A folder among the runs that cannot be read as one. */
export interface DamagedRun {
  readonly folder: string;
  readonly why: string;
}

/**
 * What is known of a run, by its path or name.
 *
 * @throws UsageError when there is no such run, or its configuration is damaged.
 */
export function summaryOf(run: string): RunSummary {
  const folder = findRun(run);
  const { config } = readRun(folder);
  const points = pointsOf(folder);
  const epochs = config.training?.recipe.epochs ?? 0;
  const isEnded = existsSync(join(folder, runFiles.model));
  const ended = points.length < epochs ? "early" : "done";
  const best = bestOf(points, config.training?.metrics?.[0]);
  return { folder, config, points, state: isEnded ? ended : "unfinished", ...(best && { best }) };
}

/** All runs of a folder, the newest first, and what is none though it looks like one. */
export function runsIn(folder: string): {
  readonly runs: readonly RunSummary[];
  readonly damaged: readonly DamagedRun[];
} {
  const names = existsSync(folder) ? readdirSync(folder) : [];
  const runs: RunSummary[] = [];
  const damaged: DamagedRun[] = [];
  for (const path of names.map((name) => join(folder, name))) {
    if (!existsSync(join(path, runFiles.config))) continue;
    try {
      runs.push(summaryOf(path));
    } catch (error) {
      if (!(error instanceof QuireError)) throw error;
      damaged.push({ folder: path, why: error.message });
    }
  }
  runs.sort((a, b) => b.config.written.localeCompare(a.config.written));
  return { runs, damaged };
}

function pointsOf(folder: string): RunPoint[] {
  const path = join(folder, runFiles.metrics);
  if (!existsSync(path)) return [];
  return readFileSync(path, "utf8")
    .split("\n")
    .filter((line) => line.endsWith("}"))
    .map((line) => {
      const { epoch, ...values } = JSON.parse(line) as { epoch: number } & Record<string, number>;
      return { epoch, values };
    });
}

function bestOf(points: readonly RunPoint[], metric: ShownMetric | undefined): RunSummary["best"] {
  if (!metric) return undefined;
  const sign = metric.better === "lower" ? -1 : 1;
  return points.reduce<RunSummary["best"]>((best, { epoch, values }) => {
    const value = values[metric.name];
    if (value === undefined || (best && sign * value <= sign * best.value)) return best;
    return { metric, value, epoch };
  }, undefined);
}

/** Where the configurations of runs differ: a path, and each run's value there. */
export function differencesOf(
  runs: readonly RunSummary[],
): (readonly [path: string, values: readonly string[]])[] {
  const flat = runs.map(({ config: { model, training } }) => {
    const { fingerprint: _, metrics: __, ...rest } = training ?? {};
    return new Map(flattened({ model: { ...model, classes: undefined }, ...rest }, ""));
  });
  const paths = [...new Set(flat.flatMap((values) => [...values.keys()]))].sort();
  return paths.flatMap((path) => {
    const values = flat.map((one) => one.get(path) ?? "");
    return new Set(values).size > 1 ? [[path, values] as const] : [];
  });
}

function* flattened(value: unknown, path: string): Generator<[string, string]> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    for (const [key, inner] of Object.entries(value)) {
      yield* flattened(inner, path === "" ? key : `${path}.${key}`);
    }
  } else if (value !== undefined)
    yield [path, typeof value === "string" ? value : JSON.stringify(value)];
}
