import { Linear } from "@quire/nn";
import { compile, hostTensor, mul, sum, type Tensor } from "@quire/tensor";
import { expect, test } from "vitest";
import { extraSettings, type Recipe, type ScheduleName } from "./recipe.ts";
import { optimizerFor, scheduleFor } from "./training-ways.ts";

const recipe: Recipe = {
  ...{ epochs: 10, batchSize: 1, learningRate: 1, warmUp: 2, weightDecay: 0 },
};

/** Rates after so many of 100 updates, 20 of which warm up. */
async function rates(schedule: ScheduleName, steps: readonly number[]): Promise<number[]> {
  const chosen = scheduleFor(recipe, 10, { schedule });
  if (typeof chosen !== "function") throw new Error("no rate changes");
  const rate = compile((step: Tensor) => chosen(step));
  const found: number[] = [];
  for (const step of steps) found.push((await rate(hostTensor(step, [], "float32"))).item());
  return found;
}

/** Periods of 12, 24 and 48 updates after the warm-up. */
const expected: readonly [ScheduleName, readonly [step: number, rate: number][]][] = [
  [
    "cosine",
    [
      [9, 0.5],
      [20, 1],
      [60, 0.5],
      [100, 0],
    ],
  ],
  [
    "linear",
    [
      [9, 0.5],
      [20, 1],
      [40, 0.75],
      [100, 0],
    ],
  ],
  [
    "constant",
    [
      [9, 0.5],
      [20, 1],
      [99, 1],
    ],
  ],
  [
    "restarts",
    [
      [9, 0.5],
      [20, 1],
      [26, 0.5],
      [32, 1],
      [44, 0.5],
      [56, 1],
      [80, 0.5],
    ],
  ],
  [
    "inverse-square-root",
    [
      [9, 0.5],
      [20, 1],
      [100, Math.sqrt(1 / 8)],
    ],
  ],
  [
    "one-cycle",
    [
      [0, 0.04],
      [99, 0.04 / 1e4],
    ],
  ],
];

test.each(expected)("%s takes the recipe's rate along its way", async (schedule, points) => {
  const found = await rates(
    schedule,
    points.map(([step]) => step),
  );
  for (const [i, [, rate]] of points.entries()) expect(found[i]).toBeCloseTo(rate, 5);
});

test.each(extraSettings.optimizer.words)("%s lowers a loss", async (optimizer) => {
  const model = new Linear({ in: 3, out: 2 });
  const chosen = optimizerFor(
    model,
    0.01,
    { ...recipe, weightDecay: 0.01, clipNorm: 1 },
    { optimizer },
  );
  const step = compile((x: Tensor) => {
    const y = model.forward(x);
    const loss = sum(mul(y, y));
    chosen.minimize(loss);
    return loss;
  });
  const x = hostTensor([1, 2, 3, -1, 0.5, 2], [2, 3]);
  const losses: number[] = [];
  for (let i = 0; i < 20; i++) losses.push((await step(x)).item());
  expect(losses.at(-1)).toBeLessThan(losses[0] as number);
});
