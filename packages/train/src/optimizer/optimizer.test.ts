import {
  compile,
  constant,
  hostTensor,
  mul,
  type Shape,
  sub,
  sum,
  type Tensor,
  Variable,
} from "@quire/tensor";
import { describe, expect, test } from "vitest";
import { expectNear, stored } from "../testing/stored.ts";
import { adafactor } from "./adafactor.ts";
import { type AdamOptions, adam, adamW } from "./adam.ts";
import { clipped, globalNorm } from "./clip.ts";
import { oneCycle, warmRestarts } from "./cycles.ts";
import { lamb } from "./lamb.ts";
import { lion } from "./lion.ts";
import type { Optimizer } from "./optimizer.ts";
import { rmsProp } from "./rms-prop.ts";
import {
  cosine,
  inverseSquareRoot,
  linear,
  polynomial,
  rateAt,
  type Schedule,
  warmUp,
} from "./schedule.ts";
import { type SgdOptions, sgd } from "./sgd.ts";

interface Run {
  readonly op: keyof typeof makers;
  readonly label: string;
  readonly attributes: AdamOptions & SgdOptions;
  readonly steps: readonly (readonly number[])[];
}

interface ScheduleAttributes {
  readonly steps: number;
  readonly start?: number;
  readonly end?: number;
  readonly power: number;
  readonly rising?: number;
  readonly period: number;
  readonly growth?: number;
  readonly warmUp: number;
  readonly then: "constant" | "cosine" | "linear";
}

interface StoredSchedule {
  readonly op: keyof typeof schedules;
  readonly attributes: ScheduleAttributes;
  readonly factors: readonly number[];
}

const references = stored<{
  readonly problem: Record<"start" | "target" | "curvature", readonly (readonly number[])[]>;
  readonly runs: readonly Run[];
  readonly schedules: readonly StoredSchedule[];
}>("optimisers");

const makers = { sgd, adam, adamW, rmsProp, adafactor, lion, lamb };
const decays = { linear, cosine };
const shape: Shape = [2, 3];

function values(name: "start" | "target" | "curvature"): ReturnType<typeof hostTensor> {
  return hostTensor(references.problem[name].flat(), shape);
}

/** Where an optimiser goes on the stored quadratic. */
async function descended(
  make: (parameters: readonly Variable[]) => Optimizer,
  steps: number,
): Promise<number[][]> {
  const x = new Variable(shape, { name: "x" });
  await x.set(values("start"));
  const optimizer = make([x]);
  const step = compile((target: Tensor, curvature: Tensor) => {
    const error = sub(x, target);
    optimizer.minimize(sum(mul(mul(error, error), mul(curvature, 0.5))));
  });
  const seen: number[][] = [];
  for (let i = 0; i < steps; i++) {
    await step(values("target"), values("curvature"));
    seen.push((await x.get()).toArray());
  }
  await step.release();
  return seen;
}

describe("optimisers go where PyTorch's go", () => {
  for (const { op, label, attributes, steps } of references.runs) {
    test(`${op}: ${label}`, async () => {
      const seen = await descended((x) => makers[op](x, attributes), steps.length);
      expectNear(seen.flat(), steps.flat(), 1e-6);
    });
  }
});

/** A schedule's factors at steps 0, 1, 2, ... */
async function factorsOf(schedule: Schedule, count: number): Promise<number[]> {
  const rate = compile((step: Tensor) => rateAt(schedule, step));
  const seen: number[] = [];
  for (let step = 0; step < count; step++) seen.push((await rate(step)).item());
  await rate.release();
  return seen;
}

const schedules = {
  constant: () => 1,
  cosine: ({ steps, end = 0 }) => cosine({ from: 1, to: end, steps }),
  linear: ({ steps, end = 0 }) => linear({ from: 1, to: end, steps }),
  polynomial: ({ steps, power }) => polynomial({ from: 1, steps, power }),
  inverseSquareRoot: ({ warmUp: steps }) => warmUp(steps, inverseSquareRoot({ from: 1, steps })),
  oneCycle: ({ steps, rising, start, end }) =>
    oneCycle({
      peak: 1,
      steps,
      ...(rising !== undefined && { rising }),
      ...(start !== undefined && { from: start }),
      ...(end !== undefined && { to: end }),
    }),
  warmRestarts: ({ period, growth = 1, end = 0 }) =>
    warmRestarts({ from: 1, to: end, period, growth }),
  warmUp: ({ warmUp: rise, then, steps }) =>
    warmUp(rise, then === "constant" ? 1 : decays[then]({ from: 1, steps: steps - rise })),
} satisfies Record<string, (attributes: ScheduleAttributes) => Schedule>;

describe("schedules give PyTorch's factors", () => {
  for (const schedule of references.schedules) {
    test(`${schedule.op} ${JSON.stringify(schedule.attributes)}`, async () => {
      const seen = await factorsOf(
        schedules[schedule.op](schedule.attributes),
        schedule.factors.length,
      );
      expectNear(seen, schedule.factors, 1e-6);
    });
  }
});

test("a schedule changes the rate within one compiled step", async () => {
  const learningRate = linear({ from: 0.2, steps: 4 });
  const seen = await descended((x) => sgd(x, { learningRate }), 6);
  const x = references.problem.start.flat();
  const wanted = [0.2, 0.15, 0.1, 0.05, 0, 0].map((rate) => {
    for (const [i, value] of x.entries()) {
      const [curvature, target] = [values("curvature").data[i], values("target").data[i]];
      x[i] = value - rate * Number(curvature) * (value - Number(target));
    }
    return [...x];
  });
  expectNear(seen.flat(), wanted.flat(), 1e-6);
});

test("clipping that never bites changes nothing, for any optimiser", async () => {
  for (const { op, attributes } of references.runs) {
    const free = await descended((x) => makers[op](x, attributes), 4);
    const clipped = await descended((x) => makers[op](x, { ...attributes, clipNorm: 1e6 }), 4);
    expectNear(clipped.flat(), free.flat(), 1e-6, op);
  }
});

test("momentum and weight decay under clipping follow their definition", async () => {
  const options = { learningRate: 0.1, momentum: 0.9, weightDecay: 0.05, clipNorm: 0.5 };
  const seen = await descended((x) => sgd(x, options), 6);
  const x = references.problem.start.flat();
  const moment = x.map(() => 0);
  const wanted = Array.from({ length: 6 }, () => {
    const g = x.map((value, i) => {
      const distance = value - Number(values("target").data[i]);
      return Number(values("curvature").data[i]) * distance;
    });
    const scale = Math.min(1, 0.5 / (Math.hypot(...g) + 1e-6));
    for (const [i, slope] of g.entries()) {
      moment[i] = 0.9 * (moment[i] as number) + scale * slope + 0.05 * (x[i] as number);
      x[i] = (x[i] as number) - 0.1 * (moment[i] as number);
    }
    return [...x];
  });
  expectNear(seen.flat(), wanted.flat(), 2e-6);
});

test("parameters choose their decay and their share of the rate by name", async () => {
  const [left, right] = [new Variable([1], { name: "left" }), new Variable([1], { name: "right" })];
  for (const variable of [left, right]) await variable.set(hostTensor([1], [1]));
  const optimizer = adamW([left, right], {
    learningRate: 0.1,
    weightDecay: 0.5,
    decays: (name) => name === "left",
    rateFactor: (name) => (name === "left" ? 1 : 10),
  });
  const step = compile(() => optimizer.minimize(sum(sub(right, mul(left, 0)))));
  await step();
  expectNear((await left.get()).toArray(), [0.95], 1e-6, "decayed, without a gradient");
  expectNear((await right.get()).toArray(), [0], 1e-6, "ten times the rate, not decayed");
});

test("the global norm is that of all values together", async () => {
  const norm = compile((a: Tensor, b: Tensor) => globalNorm([a, b]));
  const value = await norm(hostTensor([1, 2, 2]), hostTensor([4, 0, 0, 0], [2, 2]));
  expect(value.item()).toBe(5);
});

test("gradients are scaled to the limit together, or left as they are", async () => {
  const run = compile((a: Tensor, b: Tensor) => [clipped([a, b], 2.5), clipped([a, b], 10)]);
  const [scaled, left] = await run(hostTensor([1, 2, 2]), hostTensor([4, 0], [1, 2]));
  expectNear(scaled?.flatMap((x) => x.toArray()) ?? [], [0.5, 1, 1, 2, 0], 1e-6);
  expectNear(left?.flatMap((x) => x.toArray()) ?? [], [1, 2, 2, 4, 0], 1e-6);
});

test("LAMB moves what is 0 by the direction itself", async () => {
  const x = new Variable([2], { name: "x" });
  const optimizer = lamb([x], { learningRate: 0.1 });
  const step = compile(() => optimizer.minimize(sum(mul(x, constant(hostTensor([3, -4]))))));
  await step();
  expectNear((await x.get()).toArray(), [-0.1, 0.1], 1e-6);
});

test("an optimiser says what it needs", () => {
  expect(() => adam([], { learningRate: 1 })).toThrow(
    "The optimiser got no parameters; pass model.parameters().",
  );
  const optimizer = sgd([new Variable([1])], { learningRate: 1 });
  expect(() => optimizer.update([])).toThrow("update: 1 parameters need as many gradients, got 0.");
});

test("its state is named after what it holds", () => {
  const x = new Variable([2], { name: "head.weight" });
  const names = (optimizer: Optimizer): string[] => optimizer.variables.map(({ name }) => name);
  expect(names(adam([x], { learningRate: 1, clipNorm: 1 }))).toEqual([
    "step",
    "clipScale",
    "firstOnes",
    "secondOnes",
    "first.head.weight",
    "second.head.weight",
  ]);
  expect(names(sgd([x], { learningRate: 1, momentum: 0.9 }))).toEqual([
    "step",
    "moment.head.weight",
  ]);
});
