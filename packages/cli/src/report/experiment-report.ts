import { type ExperimentResult, meanOf, type Paper } from "@quire/papers";
import { metricOver, spaced } from "../metric-text.ts";
import { count, duration } from "../numbers.ts";
import { figureBody, pngBody } from "./figures.ts";
import { htmlTable, page, type Section } from "./html.ts";
import { type KeptPicture, keptBytes } from "./kept-pictures.ts";
import { curvePlot } from "./plots.ts";

/** What a report of a paper's experiments is made from. */
export interface ExperimentReport {
  readonly paper: Paper;
  readonly facts: readonly (readonly [what: string, value: string])[];
  readonly results: readonly (ExperimentResult & { readonly pictures?: readonly KeptPicture[] })[];
  /** Where pictures were kept. */
  readonly folder: string;
}

/** The report of a paper's experiments: verdicts, systems, learning curves with every seed, and the machine. */
export async function experimentReport(report: ExperimentReport): Promise<string> {
  const { paper, facts, results, folder } = report;
  const sections: Section[] = [{ title: "Claims", body: verdictTable(paper, results) }];
  for (const result of results) {
    sections.push({ title: "Systems", body: systemTable(result) });
    for (const figure of result.figures ?? []) {
      sections.push({ title: figure.title, body: await figureBody(figure) });
    }
    for (const picture of result.pictures ?? []) {
      const png = keptBytes(folder, picture);
      if (png) sections.push({ title: picture.title, body: pngBody(png, picture.caption) });
    }
    const curves = await curvesOf(result);
    if (curves !== "") sections.push({ title: "Learning curves", body: curves });
  }
  const body = htmlTable([{ title: "" }, { title: "" }], facts);
  sections.push({ title: "Measured on", body });
  return page(`${paper.title}: what was measured`, sections);
}

function verdictTable({ claims }: Paper, results: readonly ExperimentResult[]): string {
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

/** A table of the systems that an experiment compared, as HTML. */
export function systemTable({ rows, metrics }: ExperimentResult): string {
  const columns = [
    { title: "system" },
    { title: "parameters", number: true },
    ...metrics.map(({ name }) => ({ title: spaced(name), number: true })),
    { title: "time a run", number: true },
    { title: "the paper's figure" },
  ];
  return htmlTable(
    columns,
    rows.map(({ system, parameters, metrics: found, seconds, figure }) => [
      system,
      count(parameters),
      ...metrics.map(({ name, as }) => (found[name] ? metricOver(found[name], as) : "")),
      duration(meanOf(seconds)),
      figure ?? "",
    ]),
  );
}

/** The learning curves of an experiment, as HTML; empty where there are none. */
export async function curvesOf({ rows, metrics }: ExperimentResult): Promise<string> {
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
    const isShare = metrics.some((metric) => metric.name === name && metric.as === "share");
    plots.push(await curvePlot({ title: spaced(name), values, isShare }));
  }
  return plots.join("\n");
}
