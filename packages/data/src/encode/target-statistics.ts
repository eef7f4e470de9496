import type { Random } from "@quire/tensor";

/** What the categories of a column say of the target: plain data, to be kept beside what is trained on them. */
export interface TargetStatistics {
  /** The mean target of each category, drawn towards the mean of all; that mean for one without rows. */
  readonly means: readonly number[];
  /** The same for rows without a category. */
  readonly missing: number;
  /** The mean of all rows, which stands for a category that was never seen. */
  readonly prior: number;
}

/** Rows that the prior counts as. */
const PRIOR_ROWS = 1;

/**
 * Learns the mean target of each category (Prokhorenkova et al. 2018, section 3.2).
 *
 * @param codes one category a row, -1 where there is none.
 * @param targets one number a row.
 */
export function fitTargetStatistics(
  codes: ArrayLike<number>,
  targets: ArrayLike<number>,
  categories: number,
): TargetStatistics {
  const gathered = new Gathered(categories, meanOf(targets));
  for (let row = 0; row < codes.length; row++) {
    gathered.add(codes[row] as number, targets[row] as number);
  }
  return {
    means: Array.from({ length: categories }, (_, code) => gathered.mean(code)),
    missing: gathered.mean(-1),
    prior: gathered.prior,
  };
}

/**
 * Encodes the very rows that are learnt from: each by the rows before it in a random order, so that no row's own target
 * is in its features (Prokhorenkova et al. 2018, section 3.2, ordered target statistics).
 */
export function orderedTargetStatistics(
  codes: ArrayLike<number>,
  targets: ArrayLike<number>,
  categories: number,
  random: Random,
): Float64Array {
  const gathered = new Gathered(categories, meanOf(targets));
  const encoded = new Float64Array(codes.length);
  for (const row of random.permutation(codes.length)) {
    encoded[row] = gathered.mean(codes[row] as number);
    gathered.add(codes[row] as number, targets[row] as number);
  }
  return encoded;
}

/** Sums and counts of targets by category; the last place is for rows without one. */
class Gathered {
  readonly prior: number;
  readonly #sums: Float64Array;
  readonly #counts: Float64Array;

  constructor(categories: number, prior: number) {
    this.prior = prior;
    this.#sums = new Float64Array(categories + 1);
    this.#counts = new Float64Array(categories + 1);
  }

  add(code: number, target: number): void {
    const place = this.#placeOf(code);
    this.#sums[place] = (this.#sums[place] as number) + target;
    this.#counts[place] = (this.#counts[place] as number) + 1;
  }

  mean(code: number): number {
    const place = this.#placeOf(code);
    const sum = (this.#sums[place] as number) + this.prior * PRIOR_ROWS;
    return sum / ((this.#counts[place] as number) + PRIOR_ROWS);
  }

  #placeOf(code: number): number {
    return code < 0 ? this.#sums.length - 1 : code;
  }
}

function meanOf(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] as number;
  return sum / values.length;
}
