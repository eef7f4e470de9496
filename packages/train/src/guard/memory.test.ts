import { initialize, Linear } from "@quire/nn";
import { type HostTensor, hostTensor, mul, sum, type Tensor } from "@quire/tensor";
import { describe, expect, test } from "vitest";
import { ema } from "../loop/ema.ts";
import { accumulated } from "../loop/gradient-plan.ts";
import { Training, type TrainingOptions } from "../loop/training.ts";
import { adamW } from "../optimizer/adam.ts";

interface Batch {
  readonly x: HostTensor;
}

function trainingOf(more: Partial<TrainingOptions<Batch>> = {}): {
  model: Linear;
  training: Training<Batch>;
} {
  const model = new Linear({ in: 100, out: 50, bias: false });
  initialize(model, 1);
  const training = new Training<Batch>({
    model,
    optimizer: adamW(model.parameters(), { learningRate: 0.1 }),
    loss: ({ x }): Tensor => {
      const y = model.forward(x);
      return sum(mul(y, y));
    },
    ...more,
  });
  return { model, training };
}

const batch: Batch = { x: hostTensor(new Float32Array(1000 * 100), [1000, 100]) };
const weight = 4 * 100 * 50;

describe("the memory of a step", () => {
  test("is known before it runs, and allocates nothing", () => {
    const { model, training } = trainingOf();
    const { parameters, optimizer, gradients, activations, total } = training.estimateMemory(batch);
    expect(parameters).toBe(2 * weight);
    // Two moments, each held twice, and three scalars: the count of steps and two sums of ones.
    expect(optimizer).toBe(2 * 2 * weight + 2 * 4 * 3);
    expect(gradients).toBe(weight);
    const [input, output] = [4 * 1000 * 100, 4 * 1000 * 50];
    expect(activations).toBeGreaterThanOrEqual(2 * (input + output) - weight);
    expect(activations).toBeLessThanOrEqual(2 * (input + 3 * output + 3 * weight));
    expect(total).toBe(parameters + optimizer + gradients + activations);
    expect(model.weight.allocated).toBe(false);
  });

  test("counts averages and gradient sums", () => {
    const plain = trainingOf().training.estimateMemory(batch);
    const { model } = trainingOf();
    const optimizer = adamW(model.parameters(), { learningRate: 0.1 });
    const average = ema(model, 0.9);
    const more = new Training<Batch>({
      model,
      optimizer,
      loss: ({ x }) => sum(model.forward(x)),
      average,
      gradients: accumulated(2),
    }).estimateMemory(batch);
    const sums = 2 * (weight + 8);
    expect(more.optimizer - plain.optimizer).toBe(2 * weight + 2 * 4 + sums);
  });

  test("is refused with the figure where it does not fit", async () => {
    const { model, training } = trainingOf();
    const run = (memoryLimit: number): Promise<unknown> =>
      training.run({ epochs: 1, batches: () => [batch], memoryLimit }).next();
    const { total, activations } = training.estimateMemory(batch);
    await expect(run(total - 1)).rejects.toThrow(
      `A training step needs about ${(total / 1e6).toFixed(1)} MB of memory (parameters 40.0 kB, ` +
        `optimizer 80.0 kB, gradients 20.0 kB, activations ${(activations / 1e6).toFixed(1)} MB), ` +
        `there are ${(total / 1e6).toFixed(1)} MB. Take smaller batches and accumulate their ` +
        "gradients, or a smaller model.",
    );
    expect(model.weight.allocated).toBe(false);
    expect(await run(total)).toMatchObject({ value: { type: "step", step: 1 } });
  });
});
