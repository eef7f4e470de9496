import { expect, test } from "vitest";
import { areaUnderCurve, meanAreaUnderCurve } from "./roc.ts";

test("the area counts pairs in the right order, equal ones half", () => {
  const scores = [0.1, 0.4, 0.35, 0.8, 0.4];
  const positive = [false, false, true, true, true];
  // Of six pairs: 0.35 beats 0.1 only; 0.8 beats both; 0.4 beats 0.1 and is level with 0.4.
  expect(areaUnderCurve(scores, (i) => positive[i] as boolean)).toBeCloseTo(4.5 / 6, 12);
  expect(areaUnderCurve(scores, (i) => !positive[i])).toBeCloseTo(1.5 / 6, 12);
  expect(areaUnderCurve([1, 2], () => true)).toBe(0.5);
});

test("of several classes it is the mean of those that can be measured", () => {
  const probabilities = [0.7, 0.2, 0.1, 0.5, 0.3, 0.2, 0.6, 0.3, 0.1];
  expect(meanAreaUnderCurve(probabilities, [0, 1, 1], 3)).toBeCloseTo(1, 12);
  expect(meanAreaUnderCurve(probabilities, [1, 0, 1], 3)).toBeCloseTo((0 + 0.25) / 2, 12);
  expect(meanAreaUnderCurve([0.9, 0.1, 0.2, 0.8, 0.3, 0.7], [0, 1, 0], 2)).toBe(1);
  expect(meanAreaUnderCurve([0.9, 0.1], [0], 2)).toBe(0.5);
});
