import { QuireError } from "@quire/tensor";

/** The mean of one value a seed. */
export function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
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
