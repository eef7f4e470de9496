import type { ExperimentResult, ImageClassificationPaper } from "@quire/papers";
import { meanOf } from "@quire/papers";
import { count, duration, percentOver } from "../numbers.ts";
import { htmlTable, page, type Section } from "./html.ts";
import { curvePlot } from "./plots.ts";

/** What a report of a paper's experiments is made from. */
export interface ExperimentReport {
  readonly paper: ImageClassificationPaper;
  readonly facts: readonly (readonly [what: string, value: string])[];
  readonly results: readonly ExperimentResult[];
}

/** The report of a paper's experiments: verdicts, systems, learning curves with every seed, and the machine. */
export async function experimentReport(report: ExperimentReport): Promise<string> {
  const { paper, facts, results } = report;
  const sections: Section[] = [{ title: "Claims", body: verdictTable(paper, results) }];
  for (const result of results) {
    sections.push({ title: "Systems", body: systemTable(result) });
    sections.push({ title: "Learning curves", body: await curvesOf(result) });
  }
  const body = htmlTable([{ title: "" }, { title: "" }], facts);
  sections.push({ title: "Measured on", body });
  return page(`${paper.title}: what was measured`, sections);
}

function verdictTable(
  { claims }: ImageClassificationPaper,
  results: readonly ExperimentResult[],
): string {
  const verdicts = results.flatMap((result) => result.verdicts);
  const rows = verdicts.map(({ claim, holds, found, rule }) => {
    const stated = claims.find(({ id }) => id === claim);
    const outcome = holds ? "holds" : "does not hold";
    return [stated?.statement ?? claim, outcome, found, stated?.figure ?? "", rule];
  });
  const titles = ["claim", "here", "found", "the paper", "rule"];
  return htmlTable(
    titles.map((title) => ({ title })),
    rows,
  );
}

function systemTable({ rows, metric }: ExperimentResult): string {
  const columns = [
    { title: "system" },
    { title: "parameters", number: true },
    { title: metric, number: true },
    { title: "time a run", number: true },
    { title: "the paper's figure" },
  ];
  return htmlTable(
    columns,
    rows.map(({ system, parameters, metrics, seconds, figure }) => [
      system,
      count(parameters),
      percentOver(metrics[metric] ?? []),
      duration(meanOf(seconds)),
      figure ?? "",
    ]),
  );
}

async function curvesOf({ rows }: ExperimentResult): Promise<string> {
  const names = new Set(
    rows.flatMap(({ curves }) =>
      curves.flatMap(({ points }) => points.flatMap(({ values }) => Object.keys(values))),
    ),
  );
  const plots: string[] = [];
  for (const name of names) {
    const values = rows.flatMap(({ system, curves }) =>
      curves.flatMap(({ seed, points }) =>
        points.flatMap(({ epoch, values: found }) => {
          const value = found[name];
          return value === undefined ? [] : [{ series: system, seed, epoch, value }];
        }),
      ),
    );
    plots.push(await curvePlot({ title: spaced(name), values, isShare: name === "accuracy" }));
  }
  return plots.join("\n");
}

/** `validationLoss` -> `validation loss`. */
function spaced(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}
