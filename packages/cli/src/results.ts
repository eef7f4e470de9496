import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Budget, type ExperimentResult, meanOf, type Paper, type System } from "@quire/papers";
import { UsageError } from "./errors.ts";
import { makeFolder, writeWhole } from "./files.ts";
import type { Grounds } from "./machine.ts";
import { metricOver, spaced } from "./metric-text.ts";
import { count, duration } from "./numbers.ts";
import { experimentReport } from "./report/experiment-report.ts";
import type { KeptPicture } from "./report/kept-pictures.ts";
import { runFiles, writeConfig } from "./run-folder.ts";
import { exportSystem, saveWeights } from "./saving.ts";
import { table, wrapped } from "./table.ts";

/** Where results are kept unless the user says otherwise. */
export const RESULTS = "results";

/** An experiment's result as text: a table of the systems, and a verdict for each claim. */
export function resultText(
  { claims }: Paper,
  { rows, metrics, verdicts }: Pick<ExperimentResult, "rows" | "metrics" | "verdicts">,
): string {
  const columns = [
    { title: "system" },
    { title: "parameters", align: "right" } as const,
    ...metrics.map(({ name }) => ({ title: spaced(name), align: "right" }) as const),
    { title: "time a run", align: "right" } as const,
    { title: "the paper's figure" },
  ];
  const lines = rows.map(({ system, parameters, metrics: found, seconds, figure }) => [
    system,
    count(parameters),
    ...metrics.map(({ name, as }) => (found[name] ? metricOver(found[name], as) : "")),
    duration(meanOf(seconds)),
    figure ?? "",
  ]);
  const outcomes = verdicts.map(({ claim, holds, found, rule }) => {
    const stated = claims.find(({ id }) => id === claim);
    return [
      `${holds ? "HOLDS" : "DOES NOT HOLD"}  ${claim}`,
      wrapped(stated?.statement ?? "", "  "),
      wrapped(`The paper: ${stated?.figure ?? ""}`, "  "),
      wrapped(`Here: ${found}`, "  "),
      wrapped(`Rule: ${rule}`, "  "),
    ].join("\n");
  });
  return [table(columns, lines), ...outcomes].join("\n\n");
}

/** What an experiment found, when and on what. */
export interface MeasuredExperiment
  extends Pick<ExperimentResult, "metrics" | "rows" | "verdicts" | "figures"> {
  readonly claims: readonly string[];
  readonly date: string;
  /** Wall-clock seconds of the whole experiment, with its data. */
  readonly seconds: number;
  /** What all cores spent on it: where the clock took much longer, other programs had the cores. */
  readonly processorSeconds?: number;
  /** How many processes shared its trainings, where it was more than one. */
  readonly processes?: number;
  readonly seeds: readonly number[];
  readonly grounds: Grounds;
  /** Files of the pictures that it showed, in the paper's folder. */
  readonly pictures?: readonly KeptPicture[];
}

/** What `results/PAPER.json` holds. */
export interface ResultRecord {
  readonly paper: string;
  readonly budget: Budget;
  /** In the paper's order; those that were not measured are left out. */
  readonly experiments: readonly MeasuredExperiment[];
}

/**
 * Reads what was measured of a paper before.
 *
 * @throws UsageError when the file is none of ours.
 */
export async function readRecord(out: string, paper: string): Promise<ResultRecord | undefined> {
  const path = recordPath(out, paper);
  if (!existsSync(path)) return undefined;
  const isRecord = (value: unknown): value is ResultRecord =>
    Array.isArray((value as ResultRecord | null)?.experiments) &&
    (value as ResultRecord).experiments.every(({ claims }) => Array.isArray(claims));
  try {
    const value: unknown = JSON.parse(await readFile(path, "utf8"));
    if (isRecord(value)) return value;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new UsageError(`"${path}" holds no results that can be added to: move it away.`);
}

/** Where a paper's record stands. */
export function recordPath(out: string, paper: string): string {
  return join(out, `${paper}.json`);
}

/** Writes the record of a paper. */
export async function writeRecord(out: string, record: ResultRecord): Promise<void> {
  await makeFolder(out);
  await writeWhole(recordPath(out, record.paper), `${JSON.stringify(record, null, 1)}\n`);
}

/** Writes the first trained model, and the report. */
export async function keepResults(
  paper: Paper,
  { budget, experiments }: ResultRecord,
  { out, words, trained }: KeepOptions,
): Promise<readonly string[]> {
  const folder = join(out, paper.id);
  await makeFolder(folder);
  if (trained) {
    await writeConfig(folder, { model: trained.description, words });
    await saveWeights(folder, trained);
    await exportSystem(join(folder, runFiles.onnx), trained);
  }
  const facts = experiments.flatMap((experiment) => factsOf(experiment, budget));
  const report = await experimentReport({ paper, facts, results: experiments, folder });
  await writeWhole(join(folder, runFiles.report), report);
  const pictures = experiments.flatMap((experiment) => experiment.pictures ?? []);
  const drawn = pictures.map(({ file }) => file).filter((file) => existsSync(join(folder, file)));
  return [...(trained ? [runFiles.model, runFiles.onnx] : []), runFiles.report, ...drawn];
}

/** What a report says of how an experiment was measured. */
function factsOf(
  { claims, date, seconds, processorSeconds, processes = 1, seeds, grounds }: MeasuredExperiment,
  budget: Budget,
): [string, string][] {
  const { machine, versions, commit = "none" } = grounds;
  return [
    ["claims", claims.join(", ")],
    ["date", date],
    ["took", duration(seconds)],
    ...(processorSeconds === undefined
      ? []
      : [["of processors", duration(processorSeconds)] as [string, string]]),
    ["processes that shared the trainings", `${processes}`],
    ["seeds", seeds.join(", ")],
    ["budget", budget],
    ["processor", `${machine.processor}, ${machine.cores} cores`],
    ["memory", `${machine.memoryGiB} GiB`],
    ["system", machine.system],
    ...Object.entries(versions),
    ["commit", commit],
  ];
}

interface KeepOptions {
  readonly out: string;
  readonly words: readonly string[];
  readonly trained?: System | undefined;
}
