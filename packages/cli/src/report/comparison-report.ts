import { metricText, spaced } from "../metric-text.ts";
import { differencesOf, type RunSummary } from "../run-summary.ts";
import { htmlTable, page, type Section } from "./html.ts";
import { curvePlot } from "./plots.ts";

/** A page that compares runs: results, differences of their configurations, and curves over each other. */
export async function comparisonReport(runs: readonly RunSummary[]): Promise<string> {
  const names = runs.map(({ folder }) => folder);
  const results = runs.map(({ folder, config, points, state, best }) => [
    folder,
    `${config.model.paper}, ${config.model.preset ?? ""}`,
    String(points.length),
    state === "early" ? "ended early" : state,
    best ? `${spaced(best.metric.name)} ${metricText(best.value, best.metric.as)}` : "",
    best ? String(best.epoch) : "",
  ]);
  const titles = ["run", "system", "epochs", "state", "best", "in epoch"];
  const columns = (all: readonly string[]) => all.map((title) => ({ title }));
  const sections: Section[] = [{ title: "Results", body: htmlTable(columns(titles), results) }];
  const differences = differencesOf(runs);
  if (differences.length > 0) {
    const rows = differences.map(([path, values]) => [path, ...values]);
    sections.push({ title: "Where they differ", body: htmlTable(columns(["", ...names]), rows) });
  }
  for (const name of metricNames(runs)) {
    const isShare = runs.some(({ config }) =>
      config.training?.metrics?.some((metric) => metric.name === name && metric.as === "share"),
    );
    const values = runs.flatMap(({ folder, points }) =>
      points.flatMap(({ epoch, values: found }) => {
        const value = found[name];
        return value === undefined ? [] : [{ series: folder, epoch, value }];
      }),
    );
    const title = spaced(name);
    sections.push({ title, body: await curvePlot({ title, values, isShare }) });
  }
  return page(`Runs compared: ${names.join(", ")}`, sections);
}

function metricNames(runs: readonly RunSummary[]): string[] {
  const names = runs.flatMap(({ points }) => points.flatMap(({ values }) => Object.keys(values)));
  return [...new Set(names)];
}
