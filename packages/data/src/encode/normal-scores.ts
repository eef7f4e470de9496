import { normalQuantile } from "./normal-quantile.ts";

/** How numbers of one column become normal scores: plain data, to be kept beside what is trained on them. */
export interface NormalScores {
  /** The numbers at evenly spaced shares of the column, from the least to the largest. */
  readonly levels: readonly number[];
  /** The share that the least number is taken for, so that no score is infinite. */
  readonly margin: number;
}

const ROWS_PER_LEVEL = 30;
const FEWEST = 10;
const MOST = 1000;

/**
 * Learns how the numbers of a column are spread. Levels are as many as the official code of FT-Transformer takes (Gorishniy
 * et al. 2021): a thirtieth of the rows, 10 to 1,000.
 *
 * @param values missing ones, NaN, are left aside; infinite ones count as the largest and least.
 */
export function fitNormalScores(values: ArrayLike<number>): NormalScores {
  const sorted = Float64Array.from(values)
    .filter((value) => !Number.isNaN(value))
    .sort();
  const rows = sorted.length;
  if (rows === 0) return { levels: [], margin: 0.5 };
  const count = Math.max(FEWEST, Math.min(MOST, Math.floor(values.length / ROWS_PER_LEVEL)));
  const levels = Array.from({ length: count }, (_, i) => {
    const place = (i / (count - 1)) * (rows - 1);
    const below = Math.floor(place);
    const [low = 0, high = 0] = [sorted[below], sorted[Math.min(rows - 1, below + 1)]];
    return high === low ? low : low + (place - below) * (high - low);
  });
  return { levels, margin: 0.5 / rows };
}

/**
 * The normal score of a number: as many of the column's numbers are below it as normal draws are below the score. Equal
 * numbers get the middle of their shares; a number beyond the column's counts as its end, a missing one as the middle.
 */
export function normalScore({ levels, margin }: NormalScores, value: number): number {
  if (Number.isNaN(value) || levels.length === 0) return 0;
  const share = (shareBelow(levels, value, false) + shareBelow(levels, value, true)) / 2;
  return normalQuantile(Math.min(1 - margin, Math.max(margin, share)));
}

/** Where a value stands among the levels, 0 to 1; of a run of equal levels its first or its last place. */
function shareBelow(levels: readonly number[], value: number, isLast: boolean): number {
  let low = 0;
  let high = levels.length;
  while (low < high) {
    const half = (low + high) >> 1;
    const level = levels[half] as number;
    if (isLast ? level <= value : level < value) low = half + 1;
    else high = half;
  }
  const end = levels.length - 1;
  // Levels before `low` are below the value, or not above it.
  const before = low - 1;
  if (isLast && levels[before] === value) return before / end;
  if (!isLast && levels[low] === value) return low / end;
  if (before < 0) return 0;
  if (before === end) return 1;
  const [from, to] = [levels[before] as number, levels[before + 1] as number];
  return (before + (value - from) / (to - from)) / end;
}
