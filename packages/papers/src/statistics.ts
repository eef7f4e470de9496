import { QuireError, Random } from "@quire/tensor";
import type { Row } from "./paper.ts";

/** The mean of one value a seed. */
export function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** A system's values of a metric, one a seed; none where it has no row or was not measured so. */
export function metricOf(rows: readonly Row[], system: string, metric: string): readonly number[] {
  return rows.find((row) => row.system === system)?.metrics[metric] ?? [];
}

/** A share in percent with one digit, as verdicts have it. */
export function percentText(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** The standard deviation over seeds, with n - 1; 0 for a single one. */
export function spreadOf(values: readonly number[]): number {
  if (values.length < 2) return 0;
  const mean = meanOf(values);
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return Math.sqrt(squares / (values.length - 1));
}

/** The difference of two systems over the same seeds. */
export interface Difference {
  /** The mean of the differences, seed by seed. */
  readonly mean: number;
  /** The standard error of that mean; 0 for a single seed. */
  readonly error: number;
}

/**
 * Compares two systems seed by seed: the first one's values minus the second one's.
 *
 * @throws QuireError when they do not have the same seeds.
 */
export function differenceOf(first: readonly number[], second: readonly number[]): Difference {
  if (first.length !== second.length || first.length === 0) {
    throw new QuireError(
      `differenceOf: ${first.length} and ${second.length} values: give one a seed for both systems.`,
    );
  }
  const differences = first.map((value, seed) => value - (second[seed] as number));
  return {
    mean: meanOf(differences),
    error: spreadOf(differences) / Math.sqrt(differences.length),
  };
}

/** The rule of `exceeds`, as a sentence for a verdict. */
export const exceedsRule =
  "The mean difference over the seeds is above the margin, 0 unless said, by more than two standard errors.";

/** Whether the first system's values are above the second's by more than a margin and twice the standard error. */
export function exceeds(first: readonly number[], second: readonly number[], margin = 0): boolean {
  const { mean, error } = differenceOf(first, second);
  return mean - margin > 2 * error;
}

/**
 * The exponent by which costs grow with sizes: the slope of the least-squares line through their logarithms.
 *
 * @throws QuireError when there are not two sizes or more, each with a cost above 0.
 */
export function growthOf(sizes: readonly number[], costs: readonly number[]): number {
  if (sizes.length !== costs.length || sizes.length < 2 || !costs.every((cost) => cost > 0)) {
    throw new QuireError(
      `growthOf: ${sizes.length} sizes and ${costs.length} costs: give at least two, and a cost above 0 for each.`,
    );
  }
  const [x, y] = [sizes.map(Math.log), costs.map(Math.log)];
  const [meanX, meanY] = [meanOf(x), meanOf(y)];
  const slopes = x.map((value, i) => (value - meanX) * ((y[i] as number) - meanY));
  return meanOf(slopes) / meanOf(x.map((value) => (value - meanX) ** 2));
}

/** Two-sided 95 % of a normal distribution. */
const Z = 1.959964;

/** The interval that holds a share with 95 % confidence, from how many of how many (Wilson 1927). */
export function shareInterval(part: number, whole: number): [low: number, high: number] {
  const share = part / whole;
  const centre = share + Z ** 2 / (2 * whole);
  const half = Z * Math.sqrt((share * (1 - share)) / whole + Z ** 2 / (4 * whole ** 2));
  const scale = 1 + Z ** 2 / whole;
  return [Math.max(0, (centre - half) / scale), Math.min(1, (centre + half) / scale)];
}

/**
 * The interval that holds a statistic of examples with 95 % confidence: its 2.5 and 97.5 % quantiles over sets of
 * examples drawn with replacement (Efron 1979).
 *
 * @param statistic Takes the places of the drawn examples.
 */
export function bootstrapInterval(
  count: number,
  statistic: (places: Uint32Array) => number,
  { seed = 0, draws = 1000 }: { readonly seed?: number; readonly draws?: number } = {},
): [low: number, high: number] {
  const random = new Random(seed);
  const places = new Uint32Array(count);
  const found = Float64Array.from({ length: draws }, () => {
    for (let i = 0; i < count; i++) places[i] = random.integer(count);
    return statistic(places);
  }).sort();
  const at = (share: number): number => found[Math.round(share * (draws - 1))] as number;
  return [at(0.025), at(0.975)];
}
