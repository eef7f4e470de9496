import type { Neighbours } from "../neighbours/neighbours.ts";

/** How well what was looked for was found. */
export interface RetrievalScores {
  /** The share of queries whose nearest row is right. */
  readonly accuracy: number;
  /** The share of queries with a right row among the nearest ten, or as many as were looked for. */
  readonly recallAt10: number;
  /** The mean of 1 / the place of the first right row, 0 where none was found. */
  readonly meanReciprocalRank: number;
}

/** Measures neighbours against what is right: `isRight(query, place)`. */
export function retrievalScores(
  { k, places }: Neighbours,
  isRight: (query: number, place: number) => boolean,
): RetrievalScores {
  const queries = places.length / k;
  let [first, ten, reciprocal] = [0, 0, 0];
  for (let query = 0; query < queries; query++) {
    const own = places.subarray(query * k, (query + 1) * k);
    const rank = own.findIndex((place) => place >= 0 && isRight(query, place));
    if (rank < 0) continue;
    if (rank === 0) first += 1;
    if (rank < 10) ten += 1;
    reciprocal += 1 / (rank + 1);
  }
  return {
    accuracy: first / queries,
    recallAt10: ten / queries,
    meanReciprocalRank: reciprocal / queries,
  };
}

/** How well a threshold on scores tells pairs that are the same from others. */
export interface PairScores {
  /** The area under precision over recall, as the mean precision at each right pair. */
  readonly averagePrecision: number;
  /** The largest harmonic mean of precision and recall that a threshold reaches. */
  readonly f1: number;
  /** The threshold that reaches it: halfway to the next lower score. */
  readonly threshold: number;
}

/** Measures scores of pairs, higher for the same ones; where all or none are the same, the threshold says little. */
export function pairScores(scores: ArrayLike<number>, same: ArrayLike<number>): PairScores {
  const order = Array.from({ length: scores.length }, (_, i) => i);
  order.sort((a, b) => (scores[b] as number) - (scores[a] as number));
  const all = order.filter((i) => same[i] === 1).length;
  let [right, precisions, f1, threshold] = [0, 0, 0, 1];
  for (const [place, i] of order.entries()) {
    if (same[i] === 1) {
      right += 1;
      precisions += right / (place + 1);
    }
    const score = scores[i] as number;
    const next = order[place + 1];
    const below = next === undefined ? score : (scores[next] as number);
    const balance = (2 * right) / (place + 1 + all);
    // Equal scores stand on one side of every threshold.
    if (balance > f1 && below !== score) [f1, threshold] = [balance, (score + below) / 2];
    if (balance > f1 && next === undefined) [f1, threshold] = [balance, score];
  }
  return { averagePrecision: all === 0 ? 0 : precisions / all, f1, threshold };
}
