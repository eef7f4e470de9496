import type { Row, ShownMetric } from "../paper.ts";
import { meanOf, spreadOf } from "../statistics.ts";

/** What comparisons of segmenters show. */
export const shownMetrics = [
  { name: "dice", as: "share", better: "higher" },
  { name: "iou", as: "share", better: "higher" },
] as const satisfies readonly ShownMetric[];

/** What was found, as a sentence: each system's mean and spread over the seeds. */
export function foundText(rows: readonly Row[], what: string, metric = "dice"): string {
  const texts = rows.map(({ system, metrics }) => {
    const values = (metrics[metric] ?? []).map((value) => 100 * value);
    return `${system} ${meanOf(values).toFixed(1)} ± ${spreadOf(values).toFixed(1)} %`;
  });
  return `${what}: ${texts.join(", ")}.`;
}
