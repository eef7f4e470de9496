import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { initialize, Linear, Module } from "@quire/nn";
import { type HostTensor, hostTensor, Random, relu, type Tensor } from "@quire/tensor";
import { dataParallel } from "../distributed/data-parallel.ts";
import { Training } from "../loop/training.ts";
import { crossEntropy } from "../loss/cross-entropy.ts";
import { mpi } from "../node/mpi.ts";
import { adamW } from "../optimizer/adam.ts";

class Net extends Module {
  readonly hidden = new Linear({ in: 8, out: 32 });
  readonly head = new Linear({ in: 32, out: 4 });

  forward(x: Tensor): Tensor {
    return this.head.forward(relu(this.hidden.forward(x)));
  }
}

interface Batch {
  readonly x: HostTensor;
  readonly y: HostTensor;
}

function batchOf(place: number): Batch {
  const [random, rows] = [new Random(place), place % 5 === 4 ? 3 : 32];
  const x = Array.from({ length: 8 * rows }, () => random.normal());
  const y = Array.from({ length: rows }, () => Math.floor(random.uniform() * 4));
  return { x: hostTensor(x, [rows, 8]), y: hostTensor(y, [rows], "int32") };
}

/** Exchanges values of every kind, in all processes and in two halves of them, and leaves what came of it in a file. */
async function exchange(folder: string): Promise<void> {
  const world = await mpi();
  const half = await world.split(world.rank % 2);
  const found = [world, half].map((group) => {
    const own = Float32Array.of(world.rank, 10 - world.rank);
    const whole = new Float32Array(2 * group.size);
    group.allGather(own, whole);
    const part = new Float32Array(2);
    group.reduceScatter(whole, part);
    group.allReduce(own, "max");
    return [group.rank, group.size, [...whole], [...part], [...own]];
  });
  writeFileSync(join(folder, `${world.rank}.json`), JSON.stringify(found));
}

/** Trains as one of the processes that were started, and leaves the losses and the last weights in a file. */
async function main([folder = "", mode = ""]: readonly string[]): Promise<void> {
  if (mode === "exchange") return await exchange(folder);
  const group = mode === "alone" ? undefined : await mpi();
  const model = new Net();
  // Each process begins with weights of its own, which those of process 0 replace.
  initialize(model, 1 + (group?.rank ?? 0));
  const training = new Training<Batch>({
    model,
    optimizer: adamW(model.parameters(), { learningRate: 0.01, clipNorm: 1 }),
    loss: (batch) => crossEntropy(model.forward(batch.x), batch.y),
    ...(group && { gradients: dataParallel(group) }),
  });
  const losses: number[] = [];
  const batches = (_: number, start: number): Batch[] =>
    Array.from({ length: 20 - start }, (_, i) => batchOf(start + i));
  for await (const event of training.run({ epochs: 1, batches })) {
    if (event.type === "step") losses.push(event.loss);
    if (mode === "fail" && group?.rank === 1 && event.step === 3)
      throw new Error("process 1 fails");
  }
  const weights = await Promise.all(model.parameters().map((variable) => variable.get()));
  const { rank = 0, size = 1 } = group ?? {};
  const values = weights.flatMap((value) => value.toArray());
  const told = JSON.stringify({ rank, size, losses, weights: values });
  writeFileSync(join(folder, `${rank}.json`), told);
}

await main(process.argv.slice(2));
