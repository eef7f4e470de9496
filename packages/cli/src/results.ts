import { join } from "node:path";
import type { Layer } from "@quire/nn";
import {
  type Budget,
  type ExperimentResult,
  type ImageClassificationPaper,
  ImageClassifier,
  type ImageModelDescription,
  meanOf,
} from "@quire/papers";
import { writeWhole } from "./files.ts";
import { commit, type Machine, machine, versions } from "./machine.ts";
import { count, duration, percentOver } from "./numbers.ts";
import { experimentReport } from "./report/experiment-report.ts";
import { runFiles, writeConfig } from "./run-folder.ts";
import { exportClassifier, saveWeights } from "./saving.ts";
import { table, wrapped } from "./table.ts";

/** An experiment's result as text: a table of the systems, and a verdict for each claim. */
export function resultText(
  { claims }: ImageClassificationPaper,
  { rows, metric, verdicts }: ExperimentResult,
): string {
  const columns = [
    { title: "system" },
    { title: "parameters", align: "right" } as const,
    { title: metric, align: "right" } as const,
    { title: "time a run", align: "right" } as const,
    { title: "the paper's figure" },
  ];
  const lines = rows.map(({ system, parameters, metrics, seconds, figure }) => [
    system,
    count(parameters),
    percentOver(metrics[metric] ?? []),
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

/** What `results/PAPER.json` holds. */
export interface ResultRecord {
  readonly paper: string;
  readonly date: string;
  readonly seconds: number;
  readonly budget: Budget;
  readonly seeds: readonly number[];
  readonly machine: Machine;
  readonly versions: Readonly<Record<string, string>>;
  readonly commit?: string;
  readonly experiments: readonly Pick<ExperimentResult, "metric" | "rows" | "verdicts">[];
}

/** Puts together what was measured, and on what. */
export function recordOf(made: {
  readonly paper: ImageClassificationPaper;
  readonly results: readonly ExperimentResult[];
  readonly budget: Budget;
  readonly seeds: readonly number[];
  readonly started: Date;
  readonly seconds: number;
}): ResultRecord {
  const { paper, results, budget, seeds, started, seconds } = made;
  const sources = commit();
  return {
    paper: paper.id,
    date: started.toISOString(),
    seconds,
    budget,
    seeds,
    machine: machine(),
    versions: versions(),
    ...(sources === undefined ? {} : { commit: sources }),
    experiments: results.map(({ metric, rows, verdicts }) => ({ metric, rows, verdicts })),
  };
}

/** Writes the record, and beside it the first trained model with its report. */
export async function keepResults(
  paper: ImageClassificationPaper,
  results: readonly ExperimentResult[],
  record: ResultRecord,
  { out, words }: { readonly out: string; readonly words: readonly string[] },
): Promise<void> {
  const folder = join(out, paper.id);
  const trained = results[0]?.trained;
  if (trained) {
    const description = trained.description as ImageModelDescription;
    const classifier = new ImageClassifier(trained.model as Layer, description);
    await writeConfig(folder, { model: description, words });
    await saveWeights(folder, classifier);
    await exportClassifier(join(folder, runFiles.onnx), classifier);
  }
  const facts = [
    ["date", record.date],
    ["processor", `${record.machine.processor}, ${record.machine.cores} cores`],
    ["memory", `${record.machine.memoryGiB} GiB`],
    ["system", record.machine.system],
    ...Object.entries(record.versions),
    ["commit", record.commit ?? "none"],
    ["seeds", record.seeds.join(", ")],
    ["budget", record.budget],
  ] as [string, string][];
  const report = await experimentReport({ paper, facts, results });
  await writeWhole(join(folder, runFiles.report), report);
  await writeWhole(join(out, `${paper.id}.json`), `${JSON.stringify(record, null, 2)}\n`);
}
