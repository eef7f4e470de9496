import { BatchNorm, initialize, Linear, Module } from "@quire/nn";
import { compile, hostTensor, mul, sum, type Tensor } from "@quire/tensor";
import { beforeEach, describe, expect, test } from "vitest";
import { freeze } from "../model/freeze.ts";
import { modelTensors } from "../model-state.ts";
import { adamW } from "../optimizer/adam.ts";
import { sgd } from "../optimizer/sgd.ts";
import { readSafetensors, writeSafetensors } from "../safetensors.ts";
import { PointClassifier, type Points, pointBatches } from "../testing/points.ts";
import { expectNear } from "../testing/stored.ts";
import { ema } from "./ema.ts";
import type { TrainingEvent } from "./events.ts";
import { accumulated, type GradientPlan } from "./gradient-plan.ts";
import { Training } from "./training.ts";

class Small extends Module {
  readonly linear = new Linear({ in: 2, out: 2 });
  readonly norm = new BatchNorm({ channels: 2 });
  readonly fixed = new Linear({ in: 2, out: 1, bias: false });

  forward(x: Tensor): Tensor {
    return this.fixed.forward(this.norm.forward(this.linear.forward(x), { training: true }));
  }
}

async function valuesOf(model: Module): Promise<Map<string, number[]>> {
  const tensors = [...(await modelTensors(model))];
  return new Map(tensors.map(([path, tensor]) => [path, tensor.toArray()]));
}

describe("an average of weights", () => {
  let model: Small;
  beforeEach(() => {
    model = new Small();
    initialize(model, 1);
    freeze(model, "fixed");
  });

  test("starts as the weights after the first step, and follows them", async () => {
    const optimizer = sgd(model.parameters(), { learningRate: 0.1 });
    const average = ema(model, 0.75);
    const step = compile((x: Tensor) => {
      const y = model.forward(x);
      optimizer.minimize(sum(mul(y, y)));
      average.update();
    });
    let wanted: Map<string, number[]> | undefined;
    for (let i = 0; i < 4; i++) {
      await step(hostTensor([1, 2, -1, 0.5, 3, -2 + i], [3, 2]));
      const now = await valuesOf(model);
      const before = wanted ?? now;
      wanted = new Map(
        [...now].map(([path, values]) => [
          path,
          values.map((value, k) => 0.75 * (before.get(path)?.[k] as number) + 0.25 * value),
        ]),
      );
    }
    await step.release();
    const tensors = await average.tensors();
    const paths = [...(wanted as Map<string, number[]>).keys()];
    expect([...tensors.keys()]).toEqual(paths.filter((path) => path !== "fixed.weight"));
    for (const [path, tensor] of tensors) {
      expectNear(tensor.toArray(), wanted?.get(path) as number[], 1e-6, path);
    }
    const own = await valuesOf(model);
    await average.swap();
    expect((await valuesOf(model)).get("linear.weight")).toEqual(
      tensors.get("linear.weight")?.toArray(),
    );
    expect(await average.tensors()).toEqual(tensors);
    await average.swap();
    expect(await valuesOf(model)).toEqual(own);
  });

  test("cannot be looked at before the first step", async () => {
    await expect(ema(model, 0.9).swap()).rejects.toThrow(
      "ema: nothing was averaged yet; train at least one step before swap.",
    );
    expect(() => ema(model, 1)).toThrow("ema: the decay must be at least 0 and below 1, got 1.");
  });
});

function prepared(gradients?: GradientPlan<Points>): {
  model: PointClassifier;
  training: Training<Points>;
  average: ReturnType<typeof ema>;
} {
  const model = new PointClassifier();
  const average = ema(model, 0.9);
  const training = new Training<Points>({
    model,
    optimizer: adamW(model.parameters(), { learningRate: 0.02 }),
    loss: (batch, mode) => model.loss(batch, mode),
    average,
    ...(gradients && { gradients }),
  });
  return { model, training, average };
}

async function run(
  { training, model }: ReturnType<typeof prepared>,
  until = Number.POSITIVE_INFINITY,
): Promise<{ events: TrainingEvent[]; evaluated: Map<string, number[]>[] }> {
  const [events, evaluated]: [TrainingEvent[], Map<string, number[]>[]] = [[], []];
  const evaluate = async (): Promise<Record<string, number>> => {
    evaluated.push(await valuesOf(model));
    return {};
  };
  for await (const event of training.run({ epochs: 2, batches: pointBatches, evaluate })) {
    events.push(event);
    if (event.step >= until) break;
  }
  return { events, evaluated };
}

describe("a training with an average", () => {
  test("evaluates the average and goes on with its own weights", async () => {
    const whole = prepared();
    const { events, evaluated } = await run(whole);
    const tensors = await whole.average.tensors();
    const last = evaluated.at(-1) as Map<string, number[]>;
    for (const [path, tensor] of tensors) expect(last.get(path)).toEqual(tensor.toArray());
    const plain = new PointClassifier();
    const training = new Training<Points>({
      model: plain,
      optimizer: adamW(plain.parameters(), { learningRate: 0.02 }),
      loss: (batch, mode) => plain.loss(batch, mode),
    });
    const losses: number[] = [];
    for await (const event of training.run({ epochs: 2, batches: pointBatches })) {
      losses.push(event.loss);
    }
    expect(events.map(({ loss }) => loss)).toEqual(losses);
    await whole.average.swap();
    await expect(whole.training.checkpoint()).rejects.toThrow(
      "checkpoint: the model holds averaged weights; call swap again first.",
    );
  });

  test.each([
    ["at every batch", undefined],
    ["with gradients of two batches", accumulated<Points>(2)],
  ])("resumes bit for bit, %s", async (_, plan) => {
    const whole = prepared(plan);
    const { events } = await run(whole);
    const first = prepared(plan);
    const before = (await run(first, plan ? 3 : 6)).events;
    const file = writeSafetensors(await first.training.checkpoint());
    const second = prepared(plan);
    await second.training.resume(readSafetensors(file));
    const after = (await run(second)).events;
    expect([...before, ...after]).toEqual(events);
    expect(await second.average.tensors()).toEqual(await whole.average.tensors());
    expect(await valuesOf(second.model)).toEqual(await valuesOf(whole.model));
  });
});
