import { expect, test } from "vitest";
import { bootstrapInterval, growthOf, shareInterval } from "./statistics.ts";

test("a share's interval is Wilson's", () => {
  // 45 of 60: (c ± h) with c = (p + z²/2n) / (1 + z²/n), as Python gives it
  const [low, high] = shareInterval(45, 60);
  expect(low).toBeCloseTo(0.627_679_3, 6);
  expect(high).toBeCloseTo(0.842_234_8, 6);
  expect(shareInterval(10, 10)[1]).toBeCloseTo(1, 12);
  expect(shareInterval(0, 10)[0]).toBeCloseTo(0, 12);
});

test("a mean's bootstrap interval is as wide as its standard error says, and the same each time", () => {
  const values = Float64Array.from({ length: 400 }, (_, i) => (i % 20) - 9.5);
  const mean = (places: Uint32Array): number =>
    places.reduce((sum, place) => sum + (values[place] as number), 0) / places.length;
  const found = bootstrapInterval(400, mean, { seed: 3 });
  const error = Math.sqrt((20 ** 2 - 1) / 12 / 400);
  expect(found[0]).toBeCloseTo(-1.96 * error, 1);
  expect(found[1]).toBeCloseTo(1.96 * error, 1);
  expect(bootstrapInterval(400, mean, { seed: 3 })).toEqual(found);
});

test("the exponent of growth is the slope of logarithms", () => {
  expect(growthOf([10, 20, 40], [3, 12, 48])).toBeCloseTo(2, 12);
  expect(growthOf([10, 1000], [5, 5])).toBeCloseTo(0, 12);
  expect(() => growthOf([1], [1])).toThrow(
    "growthOf: 1 sizes and 1 costs: give at least two, and a cost above 0 for each.",
  );
});
