import type { CurvePoint, ShownMetric } from "@quire/papers";
import { spaced } from "../metric-text.ts";
import { htmlTable, page, type Section } from "./html.ts";
import { type CurveValue, curvePlot } from "./plots.ts";

/** What a report of a training run is made from. */
export interface RunReport {
  readonly title: string;
  /** Facts on the run, in order: what and how much. */
  readonly facts: readonly (readonly [what: string, value: string])[];
  readonly points: readonly CurvePoint[];
  readonly metrics: readonly ShownMetric[];
  /** What the task shows of the trained system. */
  readonly sections: readonly Section[];
  /** What the run was made on: the machine and versions. */
  readonly origin: readonly (readonly [what: string, value: string])[];
}

/** The report of a training run: facts, learning curves, what the task shows, and the machine. */
export async function runReport(run: RunReport): Promise<string> {
  const { title, facts, points, metrics, sections, origin } = run;
  const columns = [{ title: "" }, { title: "" }];
  const curves: Section[] =
    points.length === 0
      ? []
      : [{ title: "Learning curves", body: await curvesOf(points, metrics) }];
  return page(title, [
    { title: "Run", body: htmlTable(columns, facts) },
    ...curves,
    ...sections,
    { title: "Made on", body: htmlTable(columns, origin) },
  ]);
}

/** Losses in one plot, every other value in one of its own. */
async function curvesOf(
  points: readonly CurvePoint[],
  metrics: readonly ShownMetric[],
): Promise<string> {
  const names = [...new Set(points.flatMap(({ values }) => Object.keys(values)))];
  const losses = names.filter((name) => /loss$/i.test(name));
  const plots: string[] = [];
  if (losses.length > 0) {
    const values = losses.flatMap((name) => seriesOf(points, name, lossName(name)));
    plots.push(await curvePlot({ title: "loss", values }));
  }
  for (const name of names) {
    if (losses.includes(name)) continue;
    const isShare = metrics.some((metric) => metric.name === name && metric.as === "share");
    const values = seriesOf(points, name, spaced(name));
    plots.push(await curvePlot({ title: spaced(name), values, isShare }));
  }
  return plots.join("\n");
}

/** `validationLoss` -> `validation`. */
function lossName(name: string): string {
  return spaced(name).replace(/ ?loss$/i, "") || "loss";
}

function seriesOf(points: readonly CurvePoint[], name: string, series: string): CurveValue[] {
  return points.flatMap(({ epoch, values }) => {
    const value = values[name];
    return value === undefined ? [] : [{ series, epoch, value }];
  });
}
