import { environments } from "@quire/data";
import { countParameters, initialize } from "@quire/nn";
import {
  add,
  compile,
  exportOnnx,
  gradients,
  type HostTensor,
  hostTensor,
  mul,
  QuireError,
  Random,
  sum,
  type Tensor,
} from "@quire/tensor";
import { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import { describe, expect, test } from "vitest";
import { ControlAgent, type ControlTarget, describeControlModel } from "../tasks/control.ts";
import { Actor } from "../tasks/control-actor.ts";
import { carriedIn, type UnrollBatch, unroll } from "../tasks/control-unrolls.ts";
import { identityErrors } from "./identity.ts";
import { type AgentOptions, build } from "./model.ts";
import { paper } from "./paper.ts";

const tiny = { width: 8, depth: 2, heads: 2, memoryLength: 5 };
const variants: Readonly<Record<string, AgentOptions>> = {
  GTrXL: tiny,
  TrXL: { ...tiny, gate: "addition", norm: "stream" },
  "TrXL-I": { ...tiny, gate: "addition" },
  LSTM: { recurrent: "lstm", width: 7, depth: 2 },
};
const maze = (sideBySide: { readonly count: number; readonly seed: number }) =>
  environments("t-maze", { length: 2 }, sideBySide);
const target: ControlTarget = { observation: 4, actions: 4 };

/** What a network makes of an unroll: logits of the steps that were taken, and all values. */
async function learnt(options: AgentOptions, batch: UnrollBatch) {
  const model = build(options, target);
  initialize(model, 3);
  const run = compile((given: { readonly [name: string]: Tensor }) => {
    const { observations, first } = given as { observations: Tensor; first: Tensor };
    const { logits, values } = model.forward({ observations, first, carried: carriedIn(given) });
    return { logits, values };
  });
  const found = await run(batch);
  await run.release();
  return found;
}

describe.each(Object.entries(variants))("%s", (_, options) => {
  test("acts step by step as it learns over many steps, across ends of episodes", async () => {
    const network = build(options, target);
    initialize(network, 3);
    const actor = new Actor(network, 3);
    actor.begin(maze({ count: 3, seed: 4 }), 4);
    let ends = 0;
    // The first unroll begins without a memory, the later ones with one that is partly of other episodes.
    for (let round = 0; round < 3; round++) {
      const batch = await unroll(actor, 7);
      const { logits } = await learnt(options, batch);
      const acted = (batch["logits"] as HostTensor).toArray();
      ends += (batch["first"] as HostTensor).toArray().reduce((total, value) => total + value, 0);
      const own = logits.toArray().filter((_value, i) => Math.floor(i / 4) % 8 < 7);
      const off = acted.map((value, i) => Math.abs(value - (own[i] as number)));
      expect(Math.max(...off)).toBeLessThan(2e-5);
    }
    expect(ends).toBeGreaterThan(4);
    await actor.release();
  });

  test("forgets what was before an episode", async () => {
    const network = build(options, target);
    initialize(network, 3);
    const actor = new Actor(network, 2);
    actor.begin(maze({ count: 2, seed: 1 }), 1);
    await unroll(actor, 9);
    const batch = await unroll(actor, 6);
    const first = new Float32Array(2 * 7);
    first[0] = 1;
    first[7] = 1;
    const begun = { ...batch, first: hostTensor(first, [2, 7]) };
    const nothing = Object.entries(begun).map(([name, value]) => {
      const isCarried = name.startsWith("carried.");
      return [
        name,
        isCarried ? hostTensor(new Float32Array(value.data.length), value.shape) : value,
      ];
    });
    const found = await learnt(options, begun);
    const wanted = await learnt(options, Object.fromEntries(nothing) as UnrollBatch);
    expect(found.logits.toArray()).toEqual(wanted.logits.toArray());
    await actor.release();
  });

  test("its gradients are slopes", async () => {
    const model = build(options, target);
    initialize(model, 5);
    const random = new Random(2);
    const drawn = (...shape: number[]) =>
      hostTensor(
        new Float32Array(shape.reduce((size, side) => size * side, 1)).map(() => random.normal()),
        shape,
      );
    const observations = drawn(2, 4, 4);
    const weigh = [drawn(2, 4, 4), drawn(2, 4)] as const;
    const first = hostTensor([0, 0, 1, 0, 0, 0, 0, 0], [2, 4]);
    const carried = Object.fromEntries(
      Object.entries(model.carried).map(([name, shape]) => {
        return [name, name === "remembered" ? hostTensor([3, 5], [2]) : drawn(2, ...shape)];
      }),
    );
    const parameters = model.parameters();
    const value = (given: { readonly [name: string]: Tensor }): Tensor => {
      const { observations: seen, first: begins, a, b, ...rest } = given;
      const found = model.forward({
        observations: seen as Tensor,
        first: begins as Tensor,
        carried: rest,
      });
      return add(sum(mul(found.logits, a as Tensor)), sum(mul(found.values, b as Tensor)));
    };
    const given = { observations, first, a: weigh[0], b: weigh[1], ...carried };
    const run = compile(value);
    const slopes = await compile((fed: { readonly [name: string]: Tensor }) =>
      gradients(value(fed), parameters),
    )(given);
    for (const [place, variable] of parameters.entries()) {
      const start = await variable.get();
      const way = new Float32Array(start.data.length).map(() => random.normal());
      const at = async (step: number): Promise<number> => {
        const moved = Float32Array.from(
          start.data as Float32Array,
          (x, i) => x + step * (way[i] as number),
        );
        await variable.set(hostTensor(moved, start.shape));
        return (await run(given)).item();
      };
      const step = 5e-4;
      const measured = ((await at(step)) - (await at(-step))) / (2 * step);
      await variable.set(start);
      const claimed = (slopes[place] as HostTensor)
        .toArray()
        .reduce((total, slope, i) => total + slope * (way[i] as number), 0);
      const scale = Math.max(1, Math.abs(claimed));
      expect(Math.abs(measured - claimed) / scale, variable.name).toBeLessThan(0.02);
    }
    await run.release();
  });

  test("its exported file gives the same numbers, whatever the batch", async () => {
    const spaces = maze({ count: 1, seed: 0 });
    const description = describeControlModel({
      paper: "gtrxl",
      options,
      environment: "t-maze",
      spaces,
    });
    const agent = new ControlAgent(build(options, target), description);
    initialize(agent.model, 3);
    const { exported } = agent;
    const { model } = await exportOnnx((...given) => exported.run(...given), {
      inputs: exported.inputs,
      outputs: Object.keys(exported.outputs),
    });
    const session = await InferenceSession.create(model);
    const actor = new Actor(agent.model, 3);
    actor.begin(maze({ count: 3, seed: 4 }), 4);
    await unroll(actor, 9);
    const { observations, first } = actor.now();
    const feeds = Object.fromEntries(
      (await actor.carried()).map(([name, value]) => [
        name,
        new OrtTensor("float32", value.data as Float32Array, value.shape),
      ]),
    );
    const found = await session.run({
      observations: new OrtTensor("float32", observations, [3, 4]),
      first: new OrtTensor("float32", first, [3]),
      ...feeds,
    });
    const { logits } = await actor.step();
    const got = Array.from(found["logits"]?.data as Float32Array);
    const off = got.map((value, i) => Math.abs(value - (logits[i] as number)));
    expect(off.length).toBe(12);
    expect(Math.max(...off)).toBeLessThan(1e-5);
    const [after] = await actor.carried();
    expect(Array.from(found[`${after?.[0]} next`]?.data as Float32Array).length).toBe(
      after?.[1].data.length,
    );
    await Promise.all([actor.release(), agent.release()]);
  });
});

const published = Object.entries(paper.presets).filter(([, { parameters }]) => parameters);

test.each(published)("%s has the published number of parameters", (_, preset) => {
  const { options, target: made, parameters = 0 } = preset;
  const count = countParameters(build(options, made)) / 1e6;
  const digits = parameters < 1e7 ? 2 : 1;
  expect(count.toFixed(digits)).toBe((parameters / 1e6).toFixed(digits));
});

test("the bias of the gate makes the agent begin near the identity", async () => {
  const errors = await identityErrors({ biases: [0, 2, 4], seed: 1, depth: 4 });
  const [none, two, four] = errors.map(({ error }) => error) as [number, number, number];
  expect(two).toBeLessThan(0.8 * none);
  expect(four).toBeLessThan(two / 2);
});

test("a width that the heads do not divide is refused", () => {
  expect(() => build({ ...tiny, heads: 3 }, target)).toThrow(
    new QuireError(
      "Attention: the width 8 does not divide into 3 heads; change one, or give the heads' width.",
    ),
  );
});
