import { BatchNorm, Dropout, initialize, Linear, type Mode, Module } from "@quire/nn";
import { type HostTensor, hostTensor, Random, relu, type Tensor } from "@quire/tensor";
import { describe, expect, test } from "vitest";
import { accumulated, type GradientPlan } from "../loop/gradient-plan.ts";
import type { Traced } from "../loop/traced.ts";
import { Training } from "../loop/training.ts";
import { crossEntropy } from "../loss/cross-entropy.ts";
import { modelTensors } from "../model-state.ts";
import { adamW } from "../optimizer/adam.ts";
import type { SafetensorsContent } from "../safetensors.ts";
import { expectNear } from "../testing/stored.ts";
import { dataParallel, partOf } from "./data-parallel.ts";
import { groupsInOneProcess } from "./groups-in-one-process.ts";

interface Batch {
  readonly x: HostTensor;
  readonly y: HostTensor;
}

class Net extends Module {
  readonly hidden = new Linear({ in: 3, out: 8 });
  readonly norm: BatchNorm | undefined;
  readonly dropout: Dropout;
  readonly head = new Linear({ in: 8, out: 4 });

  constructor(options: { readonly norm?: boolean; readonly dropout?: number } = {}) {
    super();
    this.norm = options.norm ? new BatchNorm({ channels: 8 }) : undefined;
    this.dropout = new Dropout(options.dropout ?? 0);
  }

  forward(x: Tensor, mode: Mode): Tensor {
    const hidden = this.hidden.forward(x);
    const y = relu(this.norm ? this.norm.forward(hidden, mode) : hidden);
    return this.head.forward(this.dropout.forward(y, mode));
  }
}

function batchesOf(sizes: readonly number[]): Batch[] {
  return sizes.map((size, i) => {
    const random = new Random(i);
    const x = Array.from({ length: 3 * size }, () => random.normal());
    const y = Array.from({ length: size }, () => Math.floor(random.uniform() * 4));
    return { x: hostTensor(x, [size, 3]), y: hostTensor(y, [size], "int32") };
  });
}

interface Run {
  readonly sizes: readonly number[];
  readonly net?: ConstructorParameters<typeof Net>[0];
  readonly plan?: GradientPlan<Batch>;
  readonly seed?: number;
  /** Stops after so many steps. */
  readonly until?: number;
  readonly from?: SafetensorsContent;
}

interface Outcome {
  readonly losses: number[];
  readonly state: number[];
  readonly checkpoint: SafetensorsContent;
}

async function trained(run: Run, plan: GradientPlan<Batch> | undefined): Promise<Outcome> {
  const model = new Net(run.net);
  initialize(model, run.seed ?? 1);
  const training = new Training<Batch>({
    model,
    optimizer: adamW(model.parameters(), { learningRate: 0.05 }),
    loss: (batch: Traced<Batch>, mode) => crossEntropy(model.forward(batch.x, mode), batch.y),
    ...(plan && { gradients: plan }),
  });
  if (run.from) await training.resume(run.from);
  const losses: number[] = [];
  const source = (_: number, start: number): Batch[] => batchesOf(run.sizes).slice(start);
  for await (const event of training.run({ epochs: 1, batches: source })) {
    if (event.type === "step") losses.push(event.loss);
    if (event.step === run.until) break;
  }
  const checkpoint = await training.checkpoint();
  await training.release();
  const values = [...(await modelTensors(model)).values()];
  return { losses, state: values.flatMap((value) => value.toArray()), checkpoint };
}

/** What every one of so many processes ends with. */
function shared(size: number, run: Run, seeds?: readonly number[]): Promise<Outcome[]> {
  const groups = groupsInOneProcess(size);
  return Promise.all(
    groups.map((group, rank) => {
      const seed = seeds?.[rank];
      return trained(
        { ...run, ...(seed !== undefined && { seed }) },
        dataParallel(group, run.plan),
      );
    }),
  );
}

describe("processes that share batches", () => {
  test.each([
    [2, [8, 8, 8, 8]],
    [4, [8, 8, 8, 8]],
    [3, [8, 7, 5, 4]],
    [4, [6, 3, 1, 2]],
  ])("of %i, batches of %j rows, make the steps of one process", async (size, sizes) => {
    const alone = await trained({ sizes }, undefined);
    for (const { losses, state } of await shared(size, { sizes })) {
      expectNear(losses, alone.losses, 1e-5, "losses");
      expectNear(state, alone.state, 1e-5, "weights");
    }
  });

  test("gather several batches for a step too", async () => {
    const sizes = [8, 8, 5, 7];
    const alone = await trained({ sizes }, accumulated(2));
    for (const { losses, state } of await shared(2, { sizes, plan: accumulated(2) })) {
      expectNear(losses, alone.losses, 1e-5, "losses");
      expectNear(state, alone.state, 1e-5, "weights");
    }
  });

  test("begin with what process 0 has", async () => {
    const sizes = [8, 8];
    const [first, second] = await shared(2, { sizes }, [1, 2]);
    expect(first?.losses).toEqual((await shared(2, { sizes }))[0]?.losses);
    expect(second?.state).toEqual(first?.state);
  });

  test("end with the same values, running statistics too, and drop differently", async () => {
    const net = { norm: true, dropout: 0.5 };
    const [first, second] = await shared(2, { sizes: [8, 8, 8], net });
    expect(second).toEqual(first);
    // Two processes with the same rows: were they to drop alike, the loss would be one of them alone.
    const half = batchesOf([8])[0] as Batch;
    const twice = { x: doubled(half.x), y: doubled(half.y) };
    const parts = [0, 1].map((rank) => partOf(twice, { rank, size: 2 }).batch);
    expect(parts).toEqual([half, half]);
    const alike = await lossOf(twice, net, 2);
    expect(Math.abs(alike - (await lossOf(half, net, 1)))).toBeGreaterThan(1e-3);
  });

  test("resume from the checkpoint of any of them, bit for bit", async () => {
    const run = { sizes: [8, 8, 8, 8], net: { norm: true, dropout: 0.5 } };
    const whole = await shared(2, run);
    const before = await shared(2, { ...run, until: 2 });
    for (const { checkpoint } of before) {
      const after = await shared(2, { ...run, from: checkpoint });
      expect(after.map(({ state }) => state)).toEqual(whole.map(({ state }) => state));
      expect([...(before[0]?.losses ?? []), ...(after[0]?.losses ?? [])]).toEqual(whole[0]?.losses);
    }
  });
});

function doubled({ data, shape, dtype }: HostTensor): HostTensor {
  const values = [...(data as Float32Array), ...(data as Float32Array)];
  return hostTensor(values, [2 * (shape[0] as number), ...shape.slice(1)], dtype);
}

/** The loss of a first step. */
async function lossOf(batch: Batch, net: Run["net"], size: number): Promise<number> {
  const losses = groupsInOneProcess(size).map(async (group) => {
    const model = new Net(net);
    initialize(model, 1);
    const training = new Training<Batch>({
      model,
      optimizer: adamW(model.parameters(), { learningRate: 0.05 }),
      loss: (fed: Traced<Batch>, mode) => crossEntropy(model.forward(fed.x, mode), fed.y),
      gradients: dataParallel(group),
    });
    const { value } = await training.run({ epochs: 1, batches: () => [batch] }).next();
    return value?.loss as number;
  });
  return (await Promise.all(losses))[0] as number;
}

describe("a process's part", () => {
  const batch = {
    x: hostTensor([1, 2, 3, 4, 5, 6], [3, 2]),
    scale: hostTensor([7, 8]),
  };

  test("is its rows; what is no row of the batch is kept", () => {
    const parts = [0, 1].map((rank) => partOf(batch, { rank, size: 2 }));
    expect(parts).toEqual([
      { batch: { x: hostTensor([1, 2], [1, 2]), scale: batch.scale }, counts: true },
      { batch: { x: hostTensor([3, 4, 5, 6], [2, 2]), scale: batch.scale }, counts: true },
    ]);
    const many = [0, 1, 2, 3].map((rank) => partOf(batch, { rank, size: 4 }));
    expect(many.map(({ counts }) => counts)).toEqual([false, true, true, true]);
    expect(many[0]?.batch.x).toEqual(hostTensor([1, 2], [1, 2]));
  });

  test("needs rows", () => {
    const empty = { x: hostTensor([], [0, 2]) };
    expect(() => partOf(empty, { rank: 0, size: 2 })).toThrow(
      "dataParallel: got a batch without rows.",
    );
  });
});
