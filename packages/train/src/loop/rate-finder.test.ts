import { expect, test } from "vitest";
import { modelTensors } from "../model-state.ts";
import { sgd } from "../optimizer/sgd.ts";
import { PointClassifier, type Points, pointBatches } from "../testing/points.ts";
import { findLearningRate, type RateFinderOptions } from "./rate-finder.ts";

function optionsFor(model: PointClassifier): RateFinderOptions<Points> {
  return {
    model,
    optimizer: (parameters, learningRate) => sgd(parameters, { learningRate, momentum: 0.9 }),
    loss: (batch, mode) => model.loss(batch, mode),
    batches: pointBatches,
    from: 1e-4,
    to: 1e3,
    steps: 60,
  };
}

test("rates rise by a factor until the loss is lost; the steepest fall is suggested", async () => {
  const model = new PointClassifier();
  const before = await modelTensors(model);
  const { curve, suggestion } = await findLearningRate(optionsFor(model));
  expect(await modelTensors(model)).toEqual(before);
  const factor = 1e7 ** (1 / 59);
  for (const [i, { rate }] of curve.entries())
    expect(rate / (1e-4 * factor ** i)).toBeCloseTo(1, 9);
  expect(curve.length).toBeGreaterThan(20);
  expect(curve.length).toBeLessThan(60);
  let [sum, weight] = [0, 0];
  for (const { loss, smoothed } of curve) {
    sum = 0.9 * sum + 0.1 * loss;
    weight = 0.9 * weight + 0.1;
    expect(smoothed).toBeCloseTo(sum / weight, 9);
  }
  const means = curve.map(({ smoothed }) => smoothed);
  const start = Math.floor(curve.length / 10);
  const bottom = means.indexOf(Math.min(...means.slice(start)), start);
  const slopes = means.map((_, i) => (means[i + 1] as number) - (means[i - 1] as number));
  const place = curve.findIndex(({ rate }) => rate === suggestion);
  expect(slopes[place]).toBe(Math.min(...slopes.slice(start, bottom + 1)));
  expect(suggestion).toBeGreaterThan(1e-2);
  expect(suggestion).toBeLessThan(curve[bottom]?.rate as number);
});

test("the rates applied are the rates told", async () => {
  const model = new PointClassifier();
  const { curve } = await findLearningRate({
    ...optionsFor(model),
    from: 1e-9,
    to: 1e-8,
    steps: 10,
  });
  const again = await findLearningRate({ ...optionsFor(model), from: 0.5, to: 0.51, steps: 10 });
  // Hardly anything is learned at the lowest rates; half a unit changes the second loss already.
  expect(curve[0]?.loss).toBe(again.curve[0]?.loss);
  expect(Math.abs((curve[1]?.loss as number) - (again.curve[1]?.loss as number))).toBeGreaterThan(
    0.01,
  );
});

test("bounds must make a range, and data is needed", async () => {
  const options = optionsFor(new PointClassifier());
  await expect(findLearningRate({ ...options, from: 1, to: 0.1 })).rejects.toThrow(
    "findLearningRate: needs 0 < from < to and at least 3 steps, got 1, 0.1 and 60.",
  );
  await expect(findLearningRate({ ...options, batches: () => [] })).rejects.toThrow(
    "findLearningRate: there are no batches; give data.",
  );
});
