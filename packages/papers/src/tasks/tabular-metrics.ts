// N rows, K classes

import { meanAreaUnderCurve } from "@quire/train";
import type { ShownMetric } from "../paper.ts";
import type { EncodedTarget } from "./tabular-encoding.ts";

/** What a system says of rows. */
export type TabularPredictions =
  | {
      readonly predict: "class";
      readonly classes: readonly string[];
      /** `[N, K]` */
      readonly probabilities: Float32Array;
    }
  | {
      readonly predict: "number";
      /** `[N]`, in the target's own unit. */
      readonly values: Float64Array;
    };

/** Keeps the logarithm of a probability that was rounded to 0 finite. */
const LEAST_PROBABILITY = 1e-7;

/// The logarithmic loss comes first: unlike the others it moves with every probability, also of few rows.
const classMetrics = [
  { name: "logLoss", as: "number", better: "lower" },
  { name: "accuracy", as: "share", better: "higher" },
  { name: "auc", as: "number", better: "higher" },
] as const satisfies readonly ShownMetric[];

const numberMetrics = [
  { name: "rmse", as: "number", better: "lower" },
  { name: "r2", as: "number", better: "higher" },
  { name: "mae", as: "number", better: "lower" },
] as const satisfies readonly ShownMetric[];

/** What predictions of a target are measured by, what says which are best first. */
export function tabularMetrics({
  predict,
}: Pick<EncodedTarget, "predict">): readonly [ShownMetric, ...ShownMetric[]] {
  return predict === "class" ? classMetrics : numberMetrics;
}

/**
 * Measures predictions: for classes the logarithmic loss, the share of right ones and the area under the curve; for numbers
 * the root of the mean squared error, the share of the variance that is explained, and the mean absolute error.
 *
 * @param targets a class's place or a number in its own unit each, `[N]`.
 */
export function tabularScores(
  predictions: TabularPredictions,
  targets: ArrayLike<number>,
): Readonly<Record<string, number>> {
  return predictions.predict === "class"
    ? classScores(predictions.probabilities, targets, predictions.classes.length)
    : numberScores(predictions.values, targets);
}

function classScores(
  probabilities: Float32Array,
  labels: ArrayLike<number>,
  classes: number,
): Record<string, number> {
  const size = labels.length;
  let [right, loss] = [0, 0];
  for (let row = 0; row < size; row++) {
    const own = probabilities.subarray(row * classes, (row + 1) * classes);
    const label = labels[row] as number;
    if (likeliest(own) === label) right++;
    loss -= Math.log(Math.max(own[label] as number, LEAST_PROBABILITY));
  }
  const auc = meanAreaUnderCurve(probabilities, labels, classes);
  return { logLoss: loss / size, accuracy: right / size, auc };
}

/** The place of the largest value. */
export function likeliest(values: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) {
    if ((values[i] as number) > (values[best] as number)) best = i;
  }
  return best;
}

function numberScores(values: Float64Array, targets: ArrayLike<number>): Record<string, number> {
  const size = targets.length;
  const known = Float64Array.from(targets);
  const mean = known.reduce((sum, value) => sum + value, 0) / size;
  const variance = known.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const errors = known.map((value, row) => value - (values[row] as number));
  const squares = errors.reduce((sum, error) => sum + error ** 2, 0);
  const absolute = errors.reduce((sum, error) => sum + Math.abs(error), 0);
  const r2 = variance > 0 ? 1 - squares / variance : 0;
  return { rmse: Math.sqrt(squares / size), r2, mae: absolute / size };
}
