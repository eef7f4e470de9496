/** What the conformance suite runs, the same in a page and in Node. */
import { Transformer } from "@quire/nn";
import { compile, devices, hostTensor, Random, runtimeOn, type Tensor } from "@quire/tensor";
import { families, type Outcome, runCase, type StoredCase } from "@quire/tensor/testing";
import { adam, crossEntropy } from "@quire/train";

type Device = Parameters<typeof runtimeOn>[0];

/** What a WebAssembly module says when it is broken for good, so that nothing can run after it. */
const broken = /^(unreachable|Aborted|memory access out of bounds|table index)/;

/** Runs a family's stored cases on a device, up to one that breaks the runtime. */
async function cases(
  device: Device,
  name: string,
  stored: readonly StoredCase[],
): Promise<Outcome[]> {
  const runtime = await runtimeOn(device);
  const builders = families.find((family) => family.name === name)?.builders ?? {};
  const outcomes: Outcome[] = [];
  for (const one of stored) {
    const build = builders[one.op];
    if (!build) continue;
    const outcome = await runCase(one, build, runtime);
    outcomes.push(outcome);
    if (broken.test(outcome.values ?? "")) break;
  }
  return outcomes;
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
export const suite = { cases, train, devices, families: () => families.map(({ name }) => name) };
Object.assign(globalThis, { suite });
