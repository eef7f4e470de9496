import { type Initializer, Random } from "@quire/tensor";
import { expect, test } from "vitest";
import * as initial from "./initial.ts";

function filled(initializer: Initializer): { mean: number; deviation: number; largest: number } {
  const shape = [64, 16, 3, 3];
  const data = new Float32Array(64 * 16 * 9);
  initializer(data, shape, new Random(5));
  const mean = data.reduce((total, value) => total + value, 0) / data.length;
  const square = data.reduce((total, value) => total + (value - mean) ** 2, 0) / data.length;
  const largest = data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return { mean, deviation: Math.sqrt(square), largest };
}

// 16 · 9 inputs and 64 · 9 outputs meet in a number of the weight.
const [fanIn, fanOut] = [144, 576];
const even = (bound: number): [number, number] => [bound / Math.sqrt(3), bound];
const cases: [string, Initializer, deviation: number, bound: number][] = [
  ["normal", initial.normal(0.5), 0.5, Number.POSITIVE_INFINITY],
  ["truncatedNormal", initial.truncatedNormal(0.5), 0.5 * 0.8796, 1],
  ["uniform", initial.uniform(0.3), ...even(0.3)],
  ["xavierUniform", initial.xavierUniform, ...even(Math.sqrt(6 / (fanIn + fanOut)))],
  ["xavierNormal", initial.xavierNormal, Math.sqrt(2 / (fanIn + fanOut)), Number.POSITIVE_INFINITY],
  ["kaimingUniform", initial.kaimingUniform, ...even(Math.sqrt(6 / fanIn))],
  ["kaimingNormal", initial.kaimingNormal, Math.sqrt(2 / fanIn), Number.POSITIVE_INFINITY],
  ["lecunUniform", initial.lecunUniform, ...even(Math.sqrt(1 / fanIn))],
];

test.each(cases)("%s has its deviation, its bound and no mean", (_, make, deviation, bound) => {
  const drawn = filled(make);
  expect(Math.abs(drawn.deviation / deviation - 1)).toBeLessThan(0.02);
  expect(Math.abs(drawn.mean) / deviation).toBeLessThan(0.04);
  expect(drawn.largest).toBeLessThanOrEqual(bound * (1 + 1e-6));
  if (bound < 10) expect(drawn.largest).toBeGreaterThan(0.99 * bound);
});
