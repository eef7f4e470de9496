import {
  DividedVocabulary,
  Division,
  HeldLayerNorm,
  initialize,
  Module,
  normal,
  separate,
  TransformerBlock,
  undivided,
} from "@quire/nn";
import { type HostTensor, hostTensor, Random, type Tensor } from "@quire/tensor";
import { describe, expect, test } from "vitest";
import type { Traced } from "../loop/traced.ts";
import { Training } from "../loop/training.ts";
import { adafactor } from "../optimizer/adafactor.ts";
import { adamW } from "../optimizer/adam.ts";
import { lamb } from "../optimizer/lamb.ts";
import type { SafetensorsContent } from "../safetensors.ts";
import { expectNear } from "../testing/stored.ts";
import { dataParallel } from "./data-parallel.ts";
import { groupsInOneProcess } from "./groups-in-one-process.ts";
import type { ProcessGroup } from "./process-group.ts";

interface Batch {
  readonly ids: HostTensor;
  readonly next: HostTensor;
}

/** A block of a language model. */
class Net extends Module {
  readonly tokens: DividedVocabulary;
  readonly block: TransformerBlock;
  readonly norm: HeldLayerNorm;

  constructor(division: Division) {
    super();
    const initial = normal(0.1);
    this.tokens = new DividedVocabulary({ count: 30, width: 8, initial, division });
    this.block = new TransformerBlock({
      width: 8,
      attention: { heads: 4, causal: true, projections: separate({ initial, division }) },
      feedForward: { initial, division },
      norm: (width) => new HeldLayerNorm({ width, division }),
    });
    this.norm = new HeldLayerNorm({ width: 8, division });
  }

  forward({ ids, next }: Traced<Batch>): Tensor {
    const x = this.norm.forward(this.block.forward(this.tokens.forward(ids)));
    return this.tokens.crossEntropy(this.tokens.scores(x), next);
  }
}

function batchesOf(count: number): Batch[] {
  const random = new Random(5);
  const ids = (): HostTensor => {
    const values = Array.from({ length: 16 }, () => Math.floor(random.uniform() * 30));
    return hostTensor(values, [4, 4], "int32");
  };
  return Array.from({ length: count }, () => ({ ids: ids(), next: ids() }));
}

interface Outcome {
  readonly losses: number[];
  readonly checkpoint: SafetensorsContent;
}

/** Six steps, those until `until` or from a checkpoint on. */
async function trained(
  division: Division,
  given: {
    readonly shared?: ProcessGroup;
    readonly until?: number;
    readonly from?: SafetensorsContent;
  } = {},
): Promise<Outcome> {
  const model = new Net(division);
  initialize(model, 1);
  // Gradients of the keys' biases are 0 but for rounding, which a large epsilon keeps from moving them.
  const optimizer = adamW(model.parameters(), { learningRate: 0.02, clipNorm: 0.5, epsilon: 1e-4 });
  const training = new Training<Batch>({
    ...{ model, optimizer, loss: (batch) => model.forward(batch) },
    ...(given.shared && { gradients: dataParallel(given.shared) }),
  });
  if (given.from) await training.resume(given.from);
  const losses: number[] = [];
  const batches = (_: number, start: number): Batch[] => batchesOf(6).slice(start);
  for await (const event of training.run({ epochs: 1, batches })) {
    if (event.type === "step") losses.push(event.loss);
    if (event.step === given.until) break;
  }
  const checkpoint = await training.checkpoint();
  await training.release();
  return { losses, checkpoint };
}

/** What each of so many processes ends with. */
function divided(size: number, given: Parameters<typeof trained>[1] = {}, sequence = false) {
  return Promise.all(
    groupsInOneProcess(size).map((group) => trained(new Division(group, { sequence }), given)),
  );
}

function expectSame({ checkpoint, losses }: Outcome, whole: Outcome): void {
  expectNear(losses, whole.losses, 1e-5, "losses");
  expect([...checkpoint.tensors.keys()]).toEqual([...whole.checkpoint.tensors.keys()]);
  for (const [name, tensor] of whole.checkpoint.tensors) {
    const own = checkpoint.tensors.get(name) as HostTensor;
    expect(own.shape, name).toEqual(tensor.shape);
    expectNear(own.toArray(), tensor.toArray(), 1e-4, name);
  }
}

describe("processes that divide a model", () => {
  test.each([
    [2, false],
    [4, false],
    [2, true],
  ])("%i of them, positions divided too: %s, clip and step as one does", async (size, sequence) => {
    const whole = await trained(undivided);
    for (const one of await divided(size, {}, sequence)) expectSame(one, whole);
  });

  test("and share batches with others that divide it alike", async () => {
    const whole = await trained(undivided);
    const all = await Promise.all(
      groupsInOneProcess(4).map(async (world) => {
        const tensor = await world.split(Math.floor(world.rank / 2));
        const data = await world.split(world.rank % 2);
        return trained(new Division(tensor), { shared: data });
      }),
    );
    for (const one of all) expectSame(one, whole);
  });

  test("go on from a checkpoint that another number of them left", async () => {
    const whole = await trained(undivided);
    const [half] = await divided(2, { until: 3 });
    const from = half?.checkpoint as SafetensorsContent;
    const rest = { ...whole, losses: whole.losses.slice(3) };
    for (const one of await divided(4, { from })) expectSame(one, rest);
    expectSame(await trained(undivided, { from }), rest);
  });

  test("hold so many parameters each", () => {
    const [group] = groupsInOneProcess(4) as [ProcessGroup];
    const count = (division: Division): number =>
      new Net(division).block.parameters().reduce((sum, { shape }) => {
        return sum + shape.reduce((product, size) => product * size, 1);
      }, 0);
    // A quarter of all weights and of the biases of what is divided by outputs; norms and other biases whole.
    expect(count(undivided)).toBe(12 * 64 + 7 * 8 + 6 * 8);
    expect(count(new Division(group))).toBe((12 * 64 + 7 * 8) / 4 + 6 * 8);
  });

  test("are refused where a rule looks at whole parameters, or heads do not divide", () => {
    const [group] = groupsInOneProcess(2) as [ProcessGroup];
    const parameters = new Net(new Division(group)).parameters();
    expect(() => lamb(parameters, { learningRate: 1 })).toThrow(
      "lamb: needs whole parameters, and processes divide tokens.weight; take adamW.",
    );
    expect(() => adafactor(parameters)).toThrow(
      "adafactor: needs whole parameters, and processes divide tokens.weight; take adamW.",
    );
    const [third] = groupsInOneProcess(3) as [ProcessGroup];
    expect(() => new Net(new Division(third))).toThrow(
      "8 outputs do not divide among 3 processes; take a number of processes that divides them.",
    );
  });
});
