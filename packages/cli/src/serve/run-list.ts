import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { runFiles } from "../run-folder.ts";
import { type RunSummary, runsIn } from "../run-summary.ts";
import type { Trainings } from "./trainings.ts";

/** A run as a page shows it. */
export interface ListedRun {
  readonly name: string;
  readonly paper: string;
  readonly task: string;
  readonly begun: string;
  readonly epochs: number | undefined;
  readonly state: "training" | "done" | "early" | "unfinished" | "failed";
  readonly points: RunSummary["points"];
  readonly best: { readonly metric: string; readonly value: number } | undefined;
  /** Why it failed. */
  readonly why: string | undefined;
  readonly hasReport: boolean;
  /** Whether this server started it, and so can stop it. */
  readonly isOurs: boolean;
}

/** A run that writes within this many milliseconds is taken to be training. */
const LIVELY = 20_000;

/** All runs of a folder as pages show them, the newest first. */
export function listRuns(folder: string, trainings: Trainings): ListedRun[] {
  const listed = runsIn(folder).runs.map((run): ListedRun => {
    const name = run.folder.slice(folder.length + 1);
    const { model, written, training } = run.config;
    const own = trainings.stateOf(name);
    return {
      ...{ name, paper: model.paper, task: model.task, begun: written, points: run.points },
      epochs: training?.recipe.epochs,
      state: stateOf(run, own),
      best: run.best && { metric: run.best.metric.name, value: run.best.value },
      why: trainings.failureOf(name),
      hasReport: existsSync(join(run.folder, runFiles.report)),
      isOurs: own === "running",
    };
  });
  const known = new Set(listed.map(({ name }) => name));
  return [...trainings.begun().filter(({ name }) => !known.has(name)), ...listed];
}

function stateOf(run: RunSummary, own: ReturnType<Trainings["stateOf"]>): ListedRun["state"] {
  if (own === "running") return "training";
  if (run.state !== "unfinished") return run.state;
  if (own === "failed") return "failed";
  if (own === "ended") return "unfinished";
  const changed = [runFiles.config, runFiles.metrics]
    .map((file) => join(run.folder, file))
    .filter((path) => existsSync(path))
    .map((path) => statSync(path).mtimeMs);
  return Date.now() - Math.max(0, ...changed) < LIVELY ? "training" : "unfinished";
}

/** The report of a run, where it has one. */
export function reportOf(folder: string, name: string): string | undefined {
  const path = join(folder, name, runFiles.report);
  return existsSync(path) ? readFileSync(path, "utf8") : undefined;
}
