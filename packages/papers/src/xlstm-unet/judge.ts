import type { Row, ShownMetric } from "../paper.ts";
import { meanOf, spreadOf } from "../statistics.ts";

/** What comparisons of segmenters show. */
export const shownMetrics = [
  { name: "dice", as: "share", better: "higher" },
  { name: "iou", as: "share", better: "higher" },
] as const satisfies readonly ShownMetric[];

/** A metric's values over the seeds, of the system that is called so. */
export function valuesOf(rows: readonly Row[], system: string, metric = "dice"): readonly number[] {
  const row = rows.find((one) => one.system === system);
  if (!row) throw new Error(`There is no row of ${system}.`);
  return row.metrics[metric] ?? [];
}

/** What was found, as a sentence: each system's mean and spread over the seeds. */
export function foundText(rows: readonly Row[], what: string, metric = "dice"): string {
  const texts = rows.map(({ system, metrics }) => {
    const values = (metrics[metric] ?? []).map((value) => 100 * value);
    return `${system} ${meanOf(values).toFixed(1)} ± ${spreadOf(values).toFixed(1)} %`;
  });
  return `${what}: ${texts.join(", ")}.`;
}
