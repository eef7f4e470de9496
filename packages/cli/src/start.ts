import { type Module, shardOf } from "@quire/nn";
import type { ModelDescription } from "@quire/papers";
import type { HostTensor } from "@quire/tensor";
import { loadModel } from "@quire/train";
import { loadSafetensors } from "@quire/train/node";
import { UsageError } from "./errors.ts";
import { count } from "./numbers.ts";
import { findRun, readRun, weightsIn } from "./run-folder.ts";
import type { BegunTraining } from "./tasks/task.ts";

/** A run whose weights another training begins with. */
export interface Start {
  readonly folder: string;
  readonly description: ModelDescription;
  readonly weights: ReadonlyMap<string, HostTensor>;
}

/**
 * Reads the run that `--from` names.
 *
 * @throws UsageError when it is no run of the paper, or its training has not ended; QuireError when its weights are damaged.
 */
export async function readStart(run: string, paper: string): Promise<Start> {
  const folder = findRun(run);
  const { model: description } = readRun(folder).config;
  if (description.paper !== paper) {
    throw new UsageError(
      `--from: run "${folder}" is of ${description.paper}: give a run of ${paper}.`,
    );
  }
  const { tensors } = await loadSafetensors(weightsIn(folder));
  return { folder, description, weights: tensors };
}

/** Whether a run has a value for a parameter. */
export function isKnownTo({ weights }: Start): (path: string, shape: readonly number[]) => boolean {
  return (path, shape) => weights.get(path)?.shape.join() === shape.join();
}

/** Parameters of low-rank updates, which no run has. */
const update = /\.adapter\.(down|up)$/;

/**
 * Gives a system about to be trained a run's weights, as far as they fit; the others, of a new head for one, stay drawn.
 *
 * @throws UsageError when none fits.
 */
export async function beginWith(start: Start, begun: BegunTraining): Promise<BegunTraining> {
  const { model } = begun.system;
  const isKnown = isKnownTo(start);
  const own = model.namedState().filter(([path]) => !update.test(path));
  const known = own
    .filter(([path, variable]) => isKnown(path, shardOf(variable)?.whole ?? variable.shape))
    .map(([path]) => path);
  if (known.length === 0) {
    throw new UsageError(
      `--from: no weight of run "${start.folder}" fits: choose its preset and options.`,
    );
  }
  await give(model, start, known);
  const fresh = own.map(([path]) => path).filter((path) => !known.includes(path));
  const rest = fresh.length === 0 ? "" : `; drawn anew: ${listed(fresh)}`;
  const fact = `${start.folder}, ${known.length} of ${own.length} tensors${rest}`;
  return { ...begun, facts: [...begun.facts, ["begun with", fact]] };
}

async function give(model: Module, { weights }: Start, paths: readonly string[]): Promise<void> {
  const values = paths.map((path) => [path, weights.get(path) as HostTensor] as const);
  await loadModel(model, new Map(values), { strict: false });
}

const MOST_LISTED = 4;

function listed(paths: readonly string[]): string {
  const more = paths.length - MOST_LISTED;
  return paths.slice(0, MOST_LISTED).join(", ") + (more > 0 ? ` and ${count(more)} others` : "");
}
