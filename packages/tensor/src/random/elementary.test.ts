import { expect, test } from "vitest";
import { exp, log } from "./elementary.ts";

const points = Array.from({ length: 4001 }, (_, i) => i - 2000);

test("the logarithm agrees with the platform's to 1e-15 of its size", () => {
  for (const point of points) {
    const x = 2 ** (point / 2) * 1.37;
    if (x === 0 || x === Number.POSITIVE_INFINITY) continue;
    expect(Math.abs(log(x) - Math.log(x))).toBeLessThanOrEqual(
      1e-15 * Math.max(1, Math.abs(log(x))),
    );
  }
  expect(log(1)).toBe(0);
  expect(log(5e-324)).toBeCloseTo(Math.log(5e-324), 10);
});

test("the exponential agrees with the platform's to 1e-15 of its value", () => {
  for (const point of points) {
    const x = point * 0.3541;
    if (x < -708) continue;
    expect(Math.abs(exp(x) / Math.exp(x) - 1)).toBeLessThanOrEqual(1e-15);
  }
  expect([exp(0), exp(-800), exp(800)]).toEqual([1, 0, Number.POSITIVE_INFINITY]);
});
