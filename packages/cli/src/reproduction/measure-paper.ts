import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { Budget, Experiment, ExperimentResult, Paper, System } from "@quire/papers";
import { QuireError } from "@quire/tensor";
import type { Context } from "../command.ts";
import { grounds, isSameGround } from "../machine.ts";
import { keepPictures } from "../report/kept-pictures.ts";
import {
  keepResults,
  type MeasuredExperiment,
  type ResultRecord,
  readRecord,
  recordPath,
  writeRecord,
} from "../results.ts";
import { processorSeconds } from "./processor-time.ts";
import { SharedTurns } from "./shared-turns.ts";

/** How experiments are measured. */
export interface MeasureOptions {
  readonly budget: Budget;
  /** The seeds said; each experiment's own, moved by `seed`, unless said. */
  readonly seeds?: readonly number[] | undefined;
  readonly seed: number;
  readonly out: string;
  /** Processes that share an experiment's trainings. */
  readonly jobs: number;
  /** Whether what stands in the record from the same sources, machine and seeds is taken from there. */
  readonly keep: boolean;
  /** Whether an experiment that fails is passed over and told. */
  readonly goOn: boolean;
  readonly onMeasured?: (measured: MeasuredExperiment) => void;
}

/** What came out of a paper's experiments. */
export interface PaperOutcome {
  readonly record: ResultRecord;
  /** Why experiments did not run, by their claims. */
  readonly failed: readonly { readonly claims: readonly string[]; readonly reason: string }[];
  /** How many experiments were measured now: the others were before. */
  readonly measured: number;
  /** Files that were written to the paper's folder. */
  readonly files: readonly string[];
}

/**
 * Measures experiments of a paper one after another, and adds each to the paper's record as soon as it is measured.
 *
 * @throws the signal's reason when it is interrupted, and what an experiment throws unless `goOn`.
 */
export async function measurePaper(
  paper: Paper,
  { all, chosen }: { readonly all: readonly Experiment[]; readonly chosen: readonly Experiment[] },
  options: MeasureOptions,
  context: Context,
): Promise<PaperOutcome> {
  const { budget, out, jobs } = options;
  const signal = context.interruptible();
  const before = await readRecord(out, paper.id);
  const found = new Map((before?.budget === budget ? before.experiments : []).map(byClaims));
  const failed: { claims: readonly string[]; reason: string }[] = [];
  let trained: System | undefined;
  let measured = 0;
  const record = (): ResultRecord => {
    const known = all.flatMap(({ claims }) => found.get(claims.join()) ?? []);
    return { paper: paper.id, budget, experiments: known };
  };
  for (const experiment of chosen) {
    const seeds = seedsFor(experiment, options);
    const kept = found.get(experiment.claims.join());
    if (options.keep && kept && isCurrent(paper.id, kept, seeds)) continue;
    try {
      const { result, entry } = await measure(
        { paper, experiment, seeds, budget, jobs, folder: join(out, paper.id) },
        { ...context, signal },
      );
      if (trained) await result.trained?.release();
      trained ??= result.trained;
      measured += 1;
      found.set(experiment.claims.join(), entry);
      await writeRecord(out, record());
      options.onMeasured?.(entry);
    } catch (error) {
      if (signal.aborted || !options.goOn) throw error;
      failed.push({ claims: experiment.claims, reason: reasonOf(error) });
    }
  }
  const { words } = context;
  const files = measured > 0 ? await keepResults(paper, record(), { out, words, trained }) : [];
  await trained?.release();
  return { record: record(), failed, measured, files };
}

function byClaims(measured: MeasuredExperiment): [string, MeasuredExperiment] {
  return [measured.claims.join(), measured];
}

function isCurrent(
  paper: string,
  { grounds: were, seeds: had }: MeasuredExperiment,
  seeds: readonly number[],
): boolean {
  return had.join() === seeds.join() && isSameGround(were, grounds(paper));
}

/** The seeds said; else the experiment's, moved by `seed`, of which a glance takes one. */
function seedsFor(
  { seeds }: Experiment,
  { seeds: said, seed, budget }: MeasureOptions,
): readonly number[] {
  if (said) return said;
  const moved = seeds.map((own) => own + seed);
  return budget === "quick" ? moved.slice(0, 1) : moved;
}

interface Measurement {
  readonly paper: Paper;
  readonly experiment: Experiment;
  readonly seeds: readonly number[];
  readonly budget: Budget;
  readonly jobs: number;
  /** Where its pictures go. */
  readonly folder: string;
}

async function measure(
  { paper, experiment, seeds, budget, jobs, folder }: Measurement,
  { console, signal }: Pick<Context, "console"> & { readonly signal: AbortSignal },
): Promise<{ readonly result: ExperimentResult; readonly entry: MeasuredExperiment }> {
  const started = new Date();
  const [before, on] = [processorSeconds(), grounds(paper.id)];
  const data = await experiment.load(budget);
  const progress = console.progress("measuring");
  const onProgress = (now: { share: number; doing: string; loss?: number }): void => {
    const loss = now.loss === undefined ? "" : `, loss ${now.loss.toFixed(3)}`;
    progress.update(now.share, now.doing + loss);
  };
  const threads = Math.max(1, Math.floor(availableParallelism() / jobs));
  const task = { paper: paper.id, claims: experiment.claims, seeds, budget, threads };
  const sharing = new SharedTurns({ task, processes: jobs, onProgress });
  const result = await experiment
    .measure({
      ...{ data, seeds, budget, onProgress, sharing },
      signal: AbortSignal.any([signal, sharing.signal]),
    })
    .finally(() => {
      sharing.end();
      progress.finish();
    });
  const { metrics, rows, verdicts, figures = [] } = result;
  const pictures = await keepPictures(folder, experiment.claims[0] ?? "picture", figures);
  const entry: MeasuredExperiment = {
    claims: experiment.claims,
    date: started.toISOString(),
    seconds: (Date.now() - started.getTime()) / 1000,
    processorSeconds: processorSeconds() - before + sharing.processorSeconds,
    ...(sharing.processes > 1 && { processes: sharing.processes }),
    ...{ seeds, grounds: on, metrics, rows, verdicts },
    figures: figures.filter(({ kind }) => kind !== "pixels"),
    ...(pictures.length > 0 && { pictures }),
  };
  return { result, entry };
}

/** Why something did not run, as a sentence. */
export function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return error instanceof QuireError ? message : `Quire failed: ${message}`;
}

/** Where a paper's results stand, as a sentence. */
export function placesOf({ id }: Paper, out: string, files: readonly string[]): string {
  const list = new Intl.ListFormat("en").format(files);
  return `Wrote ${recordPath(out, id)}, and ${list} to ${recordPath(out, id).replace(/\.json$/, "")}.`;
}
