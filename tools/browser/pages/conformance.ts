/** What the conformance suite runs, the same in a page and in Node. */
import { Transformer } from "@quire/nn";
import { compile, devices, hostTensor, Random, runtimeOn, type Tensor } from "@quire/tensor";
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

/** The smallest GPT of the benchmark, trained on fixed random tokens: the loss before each step. */
async function train(device: Device, steps: number): Promise<number[]> {
  const [batch, length, vocabulary] = [32, 64, 200];
  const model = new Transformer({ vocabulary, width: 64, depth: 2, heads: 4, length });
  const optimizer = adam(model.parameters(), { learningRate: 3e-4 });
  const step = compile(
    (ids: Tensor, labels: Tensor) => {
      const loss = crossEntropy(model.forward(ids), labels);
      optimizer.minimize(loss);
      return { loss };
    },
    { runtime: await runtimeOn(device) },
  );
  const random = new Random(1);
  const draw = () =>
    hostTensor(
      new Int32Array(batch * length).map(() => Math.floor(random.uniform() * vocabulary)),
      [batch, length],
    );
  const [ids, labels] = [draw(), draw()];
  const losses: number[] = [];
  for (let count = 0; count < steps; count++) losses.push((await step(ids, labels)).loss.item());
  await step.release();
  return losses;
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
