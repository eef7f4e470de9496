import { describe, expect, it } from "vitest";
import { differenceOf, exceeds, meanOf, spreadOf } from "./statistics.ts";

describe("statistics over seeds", () => {
  it("gives mean and standard deviation with n - 1", () => {
    expect(meanOf([1, 2, 6])).toBe(3);
    expect(spreadOf([1, 2, 6])).toBeCloseTo(Math.sqrt(7), 12);
    expect(spreadOf([5])).toBe(0);
  });

  it("pairs two systems by their seeds", () => {
    const { mean, error } = differenceOf([0.9, 0.8, 0.7], [0.8, 0.8, 0.4]);
    expect(mean).toBeCloseTo(0.4 / 3, 12);
    expect(error).toBeCloseTo(Math.sqrt(7 / 3) / 10 / Math.sqrt(3), 12);
    expect(() => differenceOf([1], [])).toThrow(
      "differenceOf: 1 and 0 values: give one a seed for both systems.",
    );
  });

  it("holds only beyond the margin and two standard errors", () => {
    expect(exceeds([3, 3.2, 3.1], [1, 1, 1])).toBe(true);
    expect(exceeds([3, 3.2, 3.1], [1, 1, 1], 2.1)).toBe(false);
    expect(exceeds([3, 1, 2], [1, 1, 1])).toBe(false);
    expect(exceeds([1], [1])).toBe(false);
    expect(exceeds([2], [1])).toBe(true);
  });
});
