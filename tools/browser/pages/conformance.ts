/** What the conformance suite runs, the same in a page and in Node. */
import { Convolution, Linear, MaxPool, Module, Transformer } from "@quire/nn";
import {
  compile,
  devices,
  type HostTensor,
  hostTensor,
  Random,
  relu,
  reshape,
  runtimeOn,
  type Tensor,
} from "@quire/tensor";
import {
  families,
  gpuGaps,
  type Outcome,
  type Probe,
  probesOf,
  runCase,
  type StoredCase,
} from "@quire/tensor/testing";
import { adam, crossEntropy } from "@quire/train";

type Device = Parameters<typeof runtimeOn>[0];

/** What a WebAssembly module says when it is broken for good, so that nothing can run after it. */
const broken = /^(unreachable|Aborted|memory access out of bounds|table index)/;

/** A stored case, and the difference that is tolerated where it is not the usual one. */
interface Given {
  readonly stored: StoredCase;
  readonly tolerance?: number;
}

function buildersOf(name: string) {
  return families.find((family) => family.name === name)?.builders ?? {};
}

/** Runs cases of a family on a device, up to one that breaks the runtime. */
async function cases(device: Device, name: string, given: readonly Given[]): Promise<Outcome[]> {
  const runtime = await runtimeOn(device);
  const builders = buildersOf(name);
  const outcomes: Outcome[] = [];
  for (const { stored, tolerance } of given) {
    const build = builders[stored.op];
    if (!build) throw new Error(`no operation ${stored.op} in ${name}`);
    const outcome = await runCase(stored, build, runtime, tolerance);
    outcomes.push(outcome);
    if (broken.test(outcome.values ?? "")) break;
  }
  return outcomes;
}

/** Cases in other dtypes than the stored ones, with what this device makes of them. */
async function probes(
  device: Device,
  name: string,
  stored: readonly StoredCase[],
): Promise<Probe[]> {
  return probesOf(stored, buildersOf(name), await runtimeOn(device));
}

/** Trains a model on one batch: the loss before each step. */
async function losses(
  model: Module,
  logits: (x: Tensor) => Tensor,
  [given, labels]: readonly [HostTensor, HostTensor],
  { device, steps, learningRate }: Training,
): Promise<number[]> {
  const optimizer = adam(model.parameters(), { learningRate });
  const step = compile(
    (x: Tensor, wanted: Tensor) => {
      const loss = crossEntropy(logits(x), wanted);
      optimizer.minimize(loss);
      return { loss };
    },
    { runtime: await runtimeOn(device) },
  );
  const seen: number[] = [];
  for (let count = 0; count < steps; count++) seen.push((await step(given, labels)).loss.item());
  await step.release();
  return seen;
}

interface Training {
  readonly device: Device;
  readonly steps: number;
  readonly learningRate: number;
}

/** Random whole numbers below a bound. */
function drawn(random: Random, shape: readonly number[], bound: number): HostTensor {
  const count = shape.reduce((product, size) => product * size, 1);
  const values = new Int32Array(count).map(() => Math.floor(random.uniform() * bound));
  return hostTensor(values, shape);
}

/** The smallest GPT of the benchmark, on fixed random tokens. */
function trainGpt(device: Device, steps: number): Promise<number[]> {
  const [batch, length, vocabulary] = [32, 64, 200];
  const model = new Transformer({ vocabulary, width: 64, depth: 2, heads: 4, length });
  const random = new Random(1);
  const data = [
    drawn(random, [batch, length], vocabulary),
    drawn(random, [batch, length], vocabulary),
  ] as const;
  return losses(model, (ids) => model.forward(ids), data, { device, steps, learningRate: 3e-4 });
}

/** Two convolutions, each followed by pooling, and a layer over all places. */
class Pictures extends Module {
  readonly first = new Convolution({ in: 3, out: 8, kernel: [3, 3] }, { padding: 1 });
  readonly second = new Convolution({ in: 8, out: 16, kernel: [3, 3] }, { padding: 1 });
  readonly pool = new MaxPool({ kernel: [3, 3], stride: 2, padding: 1 });
  readonly head = new Linear({ in: 16 * 4 * 4, out: 5 });

  /** `[B, 3, 16, 16] -> [B, 5]` */
  forward(images: Tensor): Tensor {
    const once = this.pool.forward(relu(this.first.forward(images)));
    const twice = this.pool.forward(relu(this.second.forward(once)));
    return this.head.forward(reshape(twice, [-1, 16 * 4 * 4]));
  }
}

/** A classifier of pictures, on noise: runtimes lay pictures out otherwise on a GPU, and move that through the graph. */
function trainPictures(device: Device, steps: number): Promise<number[]> {
  const model = new Pictures();
  const random = new Random(2);
  const noise = new Float32Array(8 * 3 * 16 * 16).map(() => random.uniform());
  const data = [hostTensor(noise, [8, 3, 16, 16]), drawn(random, [8], 5)] as const;
  return losses(model, (x) => model.forward(x), data, { device, steps, learningRate: 1e-3 });
}

/** The losses of both trainings, one after the other. */
async function train(device: Device, steps: number): Promise<number[]> {
  return [...(await trainGpt(device, steps)), ...(await trainPictures(device, steps))];
}

/** What the runner calls. */
export const suite = {
  cases,
  probes,
  train,
  devices,
  gaps: () => gpuGaps.map(({ type, why }) => ({ type, why })),
  families: () => families.map(({ name }) => name),
};
Object.assign(globalThis, { suite });
