import { expect, test } from "vitest";
import { QuireError } from "../errors.ts";
import { Random, type RandomState } from "./random.ts";

function draws(count: number, draw: () => number): number[] {
  return Array.from({ length: count }, draw);
}

function moments(values: readonly number[]): { mean: number; variance: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return { mean, variance };
}

/** Largest gap between the draws' distribution and an exact one (Kolmogorov's statistic). */
function largestGap(values: readonly number[], distribution: (x: number) => number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const gaps = sorted.map((x, i) => Math.abs(distribution(x) - (i + 0.5) / sorted.length));
  return Math.max(...gaps);
}

/** Distribution of the normal law, by Simpson's rule. */
function normalDistribution(x: number): number {
  const steps = 200;
  const density = (t: number): number => Math.exp(-0.5 * t * t) / Math.sqrt(2 * Math.PI);
  let sum = density(0) + density(x);
  for (let i = 1; i < steps; i++) sum += density((x * i) / steps) * (i % 2 === 1 ? 4 : 2);
  return 0.5 + (sum * x) / steps / 3;
}

test("the first draws of a seed are stored values", () => {
  const random = new Random(2023);
  expect(draws(4, () => random.bits())).toEqual([3984289627, 2703343864, 2526053652, 3078830240]);
  expect(draws(3, () => random.uniform())).toEqual([
    0.529850707896036, 0.4712356224609048, 0.0423758268207024,
  ]);
  expect(draws(3, () => random.normal())).toEqual([
    -0.35905067007273944, 0.1562684821237062, -1.3965298425239705,
  ]);
  expect(draws(2, () => random.gamma(0.3))).toEqual([0.06479389296779953, 0.0017413704414265738]);
  expect(draws(2, () => random.beta(0.2, 0.2))).toEqual([0.47561184348114566, 0.5191462949672625]);
  expect(Array.from(random.permutation(8))).toEqual([6, 3, 2, 7, 4, 5, 1, 0]);
  expect(random.fork("weights").bits()).toBe(1202723682);
  expect(random.fork(12).bits()).toBe(387013052);
});

test("uniform draws fill 0 to 1 evenly", () => {
  const random = new Random(1);
  const values = draws(20_000, () => random.uniform());
  expect(largestGap(values, (x) => x)).toBeLessThan(1.63 / Math.sqrt(values.length));
});

test("normal draws follow the normal law", () => {
  const random = new Random(2);
  const values = draws(20_000, () => random.normal());
  expect(largestGap(values, normalDistribution)).toBeLessThan(1.63 / Math.sqrt(values.length));
});

test.each([0.2, 1, 4.5])(
  "gamma draws of shape %f have mean and variance equal to the shape",
  (a) => {
    const random = new Random(3);
    const { mean, variance } = moments(draws(40_000, () => random.gamma(a)));
    expect(Math.abs(mean - a)).toBeLessThan(0.05 * Math.max(0.5, a));
    expect(Math.abs(variance - a)).toBeLessThan(0.08 * Math.max(0.5, a));
  },
);

test("gamma draws of shape 1 follow the exponential law", () => {
  const random = new Random(4);
  const values = draws(20_000, () => random.gamma(1));
  expect(largestGap(values, (x) => 1 - Math.exp(-x))).toBeLessThan(1.63 / Math.sqrt(values.length));
});

test("beta draws follow the arcsine law for halves, and are even for ones", () => {
  const random = new Random(5);
  const limit = 1.63 / Math.sqrt(20_000);
  const halves = draws(20_000, () => random.beta(0.5, 0.5));
  const arcsine = (x: number): number => (2 / Math.PI) * Math.asin(Math.sqrt(x));
  expect(largestGap(halves, arcsine)).toBeLessThan(limit);
  expect(
    largestGap(
      draws(20_000, () => random.beta(1, 1)),
      (x) => x,
    ),
  ).toBeLessThan(limit);
});

test("beta draws of tiny shapes stay between 0 and 1", () => {
  const random = new Random(6);
  const values = draws(1000, () => random.beta(1e-4, 1e-4));
  expect(values.every((value) => value >= 0 && value <= 1)).toBe(true);
  expect(Math.abs(moments(values).mean - 0.5)).toBeLessThan(0.06);
});

test("whole draws are even, also where n does not divide 2 ** 32", () => {
  const random = new Random(7);
  const counts = new Array<number>(7).fill(0);
  for (let i = 0; i < 70_000; i++) {
    const drawn = random.integer(7);
    counts[drawn] = (counts[drawn] ?? 0) + 1;
  }
  for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(400);
  const large = 3 * 2 ** 30;
  const lower = draws(30_000, () => random.integer(large)).filter((value) => value < 2 ** 30);
  expect(Math.abs(lower.length - 10_000)).toBeLessThan(400);
});

test("every order of three is equally likely", () => {
  const random = new Random(8);
  const counts = new Map<string, number>();
  for (let i = 0; i < 60_000; i++) {
    const order = random.permutation(3).join("");
    counts.set(order, (counts.get(order) ?? 0) + 1);
  }
  expect([...counts.keys()].sort()).toEqual(["012", "021", "102", "120", "201", "210"]);
  for (const count of counts.values()) expect(Math.abs(count - 10_000)).toBeLessThan(400);
});

test("a restored generator draws what the first one draws next", () => {
  for (const drawn of [0, 1, 2, 7]) {
    const random = new Random(9);
    draws(drawn, () => random.bits());
    const state = JSON.parse(JSON.stringify(random.state())) as RandomState;
    const next = draws(5, () => random.normal());
    const again = Random.restore(state);
    expect(draws(5, () => again.normal())).toEqual(next);
    random.restore(state);
    expect(draws(5, () => random.normal())).toEqual(next);
  }
});

test("a fork depends on the seed and the label, not on what was drawn", () => {
  const random = new Random(10);
  const before = random.fork("a").bits();
  random.uniform();
  expect(random.fork("a").bits()).toBe(before);
  const labels = ["a", "b", "", "ab", "abc", "a\0", 0, 1, 97, 2 ** 32, 2 ** 40];
  const first = labels.map((label) => random.fork(label).bits());
  const nested = random.fork("a").fork("b").bits();
  expect(new Set([...first, nested, new Random(10).bits()]).size).toBe(labels.length + 2);
});

test("seeds that differ beyond 32 bits give different draws", () => {
  expect(new Random(5).bits()).not.toBe(new Random(5 + 2 ** 32).bits());
});

test("wrong arguments are named", () => {
  const random = new Random(0);
  expect(() => new Random(-1)).toThrow(
    new QuireError("Random: the seed must be a whole number from 0, got -1."),
  );
  expect(() => random.fork(1.5)).toThrow(
    new QuireError("Random: the number of a fork must be a whole number from 0, got 1.5."),
  );
  expect(() => random.integer(0)).toThrow(
    new QuireError("Random: integer(n) needs a whole number from 1 to 2 ** 32, got 0."),
  );
  expect(() => random.gamma(0)).toThrow(
    new QuireError("Random: gamma(shape) needs numbers above 0, got 0."),
  );
  expect(() => random.beta(1, Number.NaN)).toThrow(
    new QuireError("Random: beta(a, b) needs numbers above 0, got NaN."),
  );
  expect(() => Random.restore({ key: [1, 2], position: -1 })).toThrow(
    new QuireError(
      "Random: this is not a generator's state: pass what state() returned, unchanged.",
    ),
  );
});
