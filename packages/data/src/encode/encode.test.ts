import { readFileSync } from "node:fs";
import { Random } from "@quire/tensor";
import { describe, expect, test } from "vitest";
import { informationOnClass, informationOnNumber } from "./mutual-information.ts";
import { normalQuantile } from "./normal-quantile.ts";
import { fitNormalScores, normalScore } from "./normal-scores.ts";
import { fitTargetStatistics, orderedTargetStatistics } from "./target-statistics.ts";

const stored = JSON.parse(
  readFileSync(new URL("../../references/encode.json", import.meta.url), "utf8"),
) as {
  readonly quantiles: { readonly shares: number[]; readonly values: number[] };
  readonly scores: {
    readonly column: number[];
    readonly asked: number[];
    readonly values: number[];
  };
  readonly information: Readonly<
    Record<"x" | "noise" | "labels" | "y" | "onClass" | "onNumber" | "noiseOnNumber", number[]>
  >;
};

test("normal quantiles are SciPy's", () => {
  stored.quantiles.shares.forEach((share, i) => {
    expect(normalQuantile(share)).toBeCloseTo(stored.quantiles.values[i] as number, 9);
  });
});

describe("normal scores", () => {
  test("within the column they are scikit-learn's", () => {
    const { column, asked, values } = stored.scores;
    const scores = fitNormalScores(column);
    expect(scores.levels.length).toBe(13);
    asked.forEach((value, i) => {
      expect(normalScore(scores, value)).toBeCloseTo(values[i] as number, 9);
    });
  });

  test("beyond the column they are its ends, and a missing number is the middle", () => {
    const scores = fitNormalScores([3, 1, 2, Number.NaN, 4]);
    const end = normalQuantile(1 - 0.5 / 4);
    expect(normalScore(scores, 4)).toBe(end);
    expect(normalScore(scores, 1e9)).toBe(end);
    expect(normalScore(scores, Number.NEGATIVE_INFINITY)).toBeCloseTo(-end, 12);
    expect(normalScore(scores, Number.NaN)).toBe(0);
    expect(normalScore(scores, 2.5)).toBeCloseTo(0, 12);
  });

  test("equal numbers get the middle of their shares", () => {
    const scores = fitNormalScores(Array.from({ length: 100 }, (_, i) => (i < 20 ? 0 : 1)));
    expect(normalScore(scores, 0)).toBeCloseTo(normalQuantile(1 / 18), 9);
    expect(normalScore(scores, 1)).toBeCloseTo(normalQuantile((2 / 9 + 1) / 2), 9);
    const constant = fitNormalScores([7, 7, 7]);
    expect(normalScore(constant, 7)).toBe(0);
    expect(normalScore(fitNormalScores([Number.NaN]), 3)).toBe(0);
  });
});

describe("target statistics", () => {
  const codes = [0, 1, 0, -1, 1, 0];
  const targets = [1, 0, 0, 1, 1, 1];

  test("are means drawn towards the mean of all", () => {
    const prior = 4 / 6;
    const { means, missing, prior: found } = fitTargetStatistics(codes, targets, 3);
    expect(found).toBeCloseTo(prior, 12);
    expect(means[0]).toBeCloseTo((2 + prior) / 4, 12);
    expect(means[1]).toBeCloseTo((1 + prior) / 3, 12);
    expect(means[2]).toBeCloseTo(prior, 12);
    expect(missing).toBeCloseTo((1 + prior) / 2, 12);
  });

  test("of the rows learnt from count only the rows before them", () => {
    const random = new Random(3);
    const order = new Random(3).permutation(6);
    const encoded = orderedTargetStatistics(codes, targets, 2, random);
    const seen: [number, number][] = [];
    for (const row of order) {
      const before = seen.filter(([code]) => code === codes[row]).map(([, target]) => target);
      const sum = before.reduce((all, target) => all + target, 4 / 6);
      expect(encoded[row]).toBeCloseTo(sum / (before.length + 1), 12);
      seen.push([codes[row] as number, targets[row] as number]);
    }
  });

  test("a row's own target does not reach its own encoding", () => {
    const all = orderedTargetStatistics([0, 1, 2, 3], [1, 0, 0, 1], 4, new Random(1));
    expect([...all]).toEqual([0.5, 0.5, 0.5, 0.5]);
  });
});

describe("mutual information", () => {
  const { x, noise, labels, y, onClass, onNumber, noiseOnNumber } = stored.information;

  test("is scikit-learn's", () => {
    expect(informationOnClass(x, labels)).toBeCloseTo(onClass[0] as number, 6);
    expect(informationOnNumber(x, y)).toBeCloseTo(onNumber[0] as number, 6);
    expect(informationOnNumber(noise, y)).toBeCloseTo(noiseOnNumber[0] as number, 6);
    expect(onNumber[0]).toBeGreaterThan(0.5);
  });

  test("of two values and two classes is what counting gives", () => {
    const value = Array.from({ length: 2000 }, (_, i) => i % 2);
    const label = value.map((v, i) => (i % 5 === 0 ? 1 - v : v));
    const exact = Math.log(2) + 0.8 * Math.log(0.8) + 0.2 * Math.log(0.2);
    expect(informationOnClass(value, label)).toBeCloseTo(exact, 1);
  });

  test("of values that are all the same is none", () => {
    const same = new Array<number>(50).fill(4);
    expect(
      informationOnClass(
        same,
        same.map((_, i) => i % 2),
      ),
    ).toBeLessThan(0.15);
    expect(informationOnClass([1, 2], [0, 1])).toBe(0);
    expect(informationOnNumber([1], [2])).toBe(0);
  });
});
