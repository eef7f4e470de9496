import { initialize, Linear, type Mode, Module } from "@quire/nn";
import { type HostTensor, hostTensor, Random, type Tensor, tanh } from "@quire/tensor";
import { describe, expect, test } from "vitest";
import { crossEntropy } from "../loss/cross-entropy.ts";
import { adamW } from "../optimizer/adam.ts";
import { expectNear } from "../testing/stored.ts";
import type { StepEvent } from "./events.ts";
import { accumulated, type GradientPlan } from "./gradient-plan.ts";
import type { Traced } from "./traced.ts";
import { Training } from "./training.ts";

interface Batch {
  readonly x: HostTensor;
  readonly y: HostTensor;
}

class Classifier extends Module {
  readonly hidden = new Linear({ in: 3, out: 8 });
  readonly head = new Linear({ in: 8, out: 4 });

  forward(x: Tensor): Tensor {
    return this.head.forward(tanh(this.hidden.forward(x)));
  }
}

/** So many rows from a place in an endless stream of them; every fourth label is to be ignored. */
function rowsFrom(place: number, count: number): Batch {
  const rows = Array.from({ length: count }, (_, i) => new Random(place + i));
  const x = rows.flatMap((random) => [random.normal(), random.normal(), random.normal()]);
  const y = rows.map((random, i) =>
    (place + i) % 4 === 0 ? -1 : Math.floor(random.uniform() * 4),
  );
  return { x: hostTensor(x, [count, 3]), y: hostTensor(y, [count], "int32") };
}

/** Batches of so many rows, one after the other. */
function batchesOf(sizes: readonly number[]): Batch[] {
  let place = 0;
  return sizes.map((size) => {
    place += size;
    return rowsFrom(place - size, size);
  });
}

const counted = ({ y }: Batch): number => y.toArray().filter((label) => label >= 0).length;

async function trained(
  batches: readonly Batch[],
  gradients?: GradientPlan<Batch>,
): Promise<{ losses: number[]; weights: number[]; steps: StepEvent[]; epochLoss: number }> {
  const model = new Classifier();
  initialize(model, 1);
  const optimizer = adamW(model.parameters(), { learningRate: 0.05, clipNorm: 0.5 });
  const loss = (batch: Traced<Batch>, _: Mode): Tensor =>
    crossEntropy(model.forward(batch.x), batch.y, { ignoreIndex: -1 });
  const training = new Training<Batch>({
    model,
    optimizer,
    loss,
    ...(gradients && { gradients }),
  });
  const steps: StepEvent[] = [];
  let epochLoss = Number.NaN;
  const source = (_: number, start: number): Batch[] => batches.slice(start);
  for await (const event of training.run({ epochs: 1, batches: source })) {
    if (event.type === "step") steps.push(event);
    else epochLoss = event.loss;
  }
  await training.release();
  const weights = await Promise.all(model.parameters().map((variable) => variable.get()));
  return {
    losses: steps.map(({ loss }) => loss),
    weights: weights.flatMap((value) => value.toArray()),
    steps,
    epochLoss,
  };
}

describe("accumulated gradients", () => {
  test("are those of the whole batch, also from batches of unlike sizes", async () => {
    const whole = await trained(batchesOf([16, 16, 16]));
    const plan = accumulated<Batch>(4, { weight: counted });
    const split = await trained(batchesOf([4, 4, 4, 4, 7, 1, 3, 5, 2, 2, 6, 6]), plan);
    expectNear(split.losses, whole.losses, 1e-6, "losses");
    expectNear(split.weights, whole.weights, 1e-6, "weights");
  });

  test("count rows alike unless a weight is given", async () => {
    const whole = await trained(batchesOf([8]));
    const plain = await trained(batchesOf([4, 4]), accumulated(2));
    // Both halves have 3 labels that count.
    expectNear(plain.weights, whole.weights, 1e-6);
    const uneven = await trained(batchesOf([5, 3]), accumulated(2));
    const off = uneven.weights.map((value, i) => Math.abs(value - (whole.weights[i] as number)));
    expect(Math.max(...off)).toBeGreaterThan(1e-4);
  });

  test("make one step of several batches, and one of what is left at the end", async () => {
    const { steps, losses, epochLoss } = await trained(batchesOf([4, 4, 4, 4, 4]), accumulated(2));
    expect(steps.map(({ batch, step }) => [batch, step])).toEqual([
      [2, 1],
      [4, 2],
      [5, 3],
    ]);
    const [a, b, c] = losses as [number, number, number];
    expect(epochLoss).toBeCloseTo((2 * a + 2 * b + c) / 5, 6);
  });

  test("want a whole number of batches", () => {
    expect(() => accumulated(0.5)).toThrow(
      "accumulated: needs a whole number of batches from 1, got 0.5.",
    );
  });
});
