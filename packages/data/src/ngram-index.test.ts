import { expect, test } from "vitest";
import { NgramIndex } from "./ngram-index.ts";

test("the cosine of weighted n-grams, by hand", () => {
  const index = new NgramIndex(["ab", "ac"], { from: 1, to: 1 });
  // Both texts hold a and two spaces, whose weight is 1; b and c are in one each.
  const rare = Math.log(3 / 2) + 1;
  const square = 2 ** 2 + 1 + rare ** 2;
  const [first, second] = index.nearest("ab", 5);
  expect(first?.place).toBe(0);
  expect(first?.score).toBeCloseTo(1, 12);
  expect(second?.place).toBe(1);
  expect(second?.score).toBeCloseTo((2 ** 2 + 1) / square, 12);
});

test("candidates, order and texts without a common n-gram", () => {
  const index = new NgramIndex(["Berlin", "Bern", "Paris", "Berne"]);
  expect(index.nearest("Bern", 2).map(({ place }) => place)).toEqual([1, 3]);
  expect(index.nearest("Bern", 9, (place) => place === 2)).toEqual([]);
  expect(index.nearest("東京", 3)).toEqual([]);
  expect(() => new NgramIndex([], { from: 3, to: 2 })).toThrow(
    /^NgramIndex: n-grams from 3 to 2 are none: give 1 <= from <= to\.$/,
  );
});
