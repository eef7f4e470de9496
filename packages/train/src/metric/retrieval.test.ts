import { expect, test } from "vitest";
import { pairScores, retrievalScores } from "./retrieval.ts";

test("right rows by their places: first, among ten, and the reciprocal", () => {
  const places = Int32Array.from([4, 1, 2, 3, 0, 1, 5, -1, -1]);
  const found = { k: 3, places, scores: new Float32Array(9) };
  const right = [4, 1, 7];
  const scores = retrievalScores(found, (query, place) => right[query] === place);
  expect(scores).toEqual({
    accuracy: 1 / 3,
    recallAt10: 2 / 3,
    meanReciprocalRank: (1 + 1 / 3) / 3,
  });
});

test("pairs: average precision by hand, and the best threshold between two scores", () => {
  const scores = [0.9, 0.8, 0.6, 0.4, 0.2];
  const found = pairScores(scores, [1, 0, 1, 0, 0]);
  expect(found.averagePrecision).toBeCloseTo((1 + 2 / 3) / 2, 12);
  expect(found.f1).toBeCloseTo(0.8, 12);
  expect(found.threshold).toBeCloseTo(0.5, 12);
});

test("equal scores are not parted", () => {
  expect(pairScores([0.5, 0.5, 0.1], [1, 0, 0]).f1).toBeCloseTo(2 / 3, 12);
  expect(pairScores([0.5, 0.4], [0, 0])).toEqual({ averagePrecision: 0, f1: 0, threshold: 1 });
});
