import type { Figure } from "../figure.ts";
import type { Row, ShownMetric } from "../paper.ts";
import { meanOf, metricOf, spreadOf } from "../statistics.ts";

/** The shares of weights at which models are measured. */
export const sparsities = [0.5, 0.7, 0.8, 0.9, 0.95, 0.97] as const;

/** What a row calls the accuracy at a sparsity; 0 is the dense model's. */
export function metricAt(sparsity: number): string {
  return sparsity === 0 ? "dense" : `at${Math.round(100 * sparsity)}`;
}

/** The columns of a table. */
export function sparsityMetrics(shown: readonly number[] = sparsities): ShownMetric[] {
  return [0, ...shown].map((sparsity) => ({
    name: metricAt(sparsity),
    ...({ as: "share", better: "higher" } as const),
  }));
}

/** Accuracies of a system at a sparsity, one a seed. */
export function accuraciesAt(
  rows: readonly Row[],
  name: string,
  sparsity: number,
): readonly number[] {
  return metricOf(rows, name, metricAt(sparsity));
}

/** Accuracy by sparsity, a line for each system. */
export function sparsityFigure(title: string, rows: readonly Row[]): Figure {
  const all = [0, ...sparsities];
  return {
    ...{ kind: "lines", title },
    caption: "Means over the seeds, in bands of one standard deviation to both sides.",
    x: { title: "weights that are 0, %" },
    y: { title: "accuracy, %" },
    series: rows.map(({ system, metrics }) => {
      const values = all.map((sparsity) => metrics[metricAt(sparsity)] ?? []);
      return {
        name: system,
        points: all.map((s, i) => [100 * s, 100 * meanOf(values[i] as readonly number[])] as const),
        band: values.map((own) => {
          const [mean, spread] = [meanOf(own), spreadOf(own)];
          return [100 * (mean - spread), 100 * (mean + spread)] as const;
        }),
      };
    }),
  };
}
