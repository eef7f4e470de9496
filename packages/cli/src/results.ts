import { join } from "node:path";
import { type Budget, type ExperimentResult, meanOf, type Paper } from "@quire/papers";
import { writeWhole } from "./files.ts";
import { commit, type Machine, machine, versions } from "./machine.ts";
import { metricOver, spaced } from "./metric-text.ts";
import { count, duration } from "./numbers.ts";
import { experimentReport } from "./report/experiment-report.ts";
import { runFiles, writeConfig } from "./run-folder.ts";
import { exportSystem, saveWeights } from "./saving.ts";
import { table, wrapped } from "./table.ts";

/** An experiment's result as text: a table of the systems, and a verdict for each claim. */
export function resultText(
  { claims }: Paper,
  { rows, metrics, verdicts }: ExperimentResult,
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
  readonly experiments: readonly Pick<ExperimentResult, "metrics" | "rows" | "verdicts">[];
}

/** Puts together what was measured, and on what. */
export function recordOf(made: {
  readonly paper: Paper;
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
    experiments: results.map(({ metrics, rows, verdicts }) => ({ metrics, rows, verdicts })),
  };
}

/** Writes the record, and beside it the first trained model with its report. */
export async function keepResults(
  paper: Paper,
  results: readonly ExperimentResult[],
  record: ResultRecord,
  { out, words }: { readonly out: string; readonly words: readonly string[] },
): Promise<void> {
  const folder = join(out, paper.id);
  const trained = results.find((result) => result.trained)?.trained;
  if (trained) {
    await writeConfig(folder, { model: trained.description, words });
    await saveWeights(folder, trained);
    await exportSystem(join(folder, runFiles.onnx), trained);
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
