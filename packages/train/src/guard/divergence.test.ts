import { initialize, Linear, type Mode, Module } from "@quire/nn";
import {
  add,
  exp,
  type HostTensor,
  hostTensor,
  log,
  mul,
  relu,
  sqrt,
  square,
  sub,
  sum,
  type Tensor,
} from "@quire/tensor";
import { describe, expect, test } from "vitest";
import { accumulated, type GradientPlan } from "../loop/gradient-plan.ts";
import type { Traced } from "../loop/traced.ts";
import { Training, type TrainingOptions } from "../loop/training.ts";
import { modelTensors } from "../model-state.ts";
import { sgd } from "../optimizer/sgd.ts";
import { DivergenceError } from "./divergence.ts";

interface Batch {
  readonly x: HostTensor;
}

type Body = (x: Tensor) => Tensor;

class Inner extends Module {
  readonly linear = new Linear({ in: 2, out: 2 });
  readonly #body: Body;

  constructor(body: Body) {
    super();
    this.#body = body;
  }

  forward(x: Tensor): Tensor {
    return this.#body(this.linear.forward(x));
  }
}

class Outer extends Module {
  readonly first = new Linear({ in: 2, out: 2 });
  readonly middle: Inner;
  readonly last = new Linear({ in: 2, out: 1 });

  constructor(body: Body) {
    super();
    this.middle = new Inner(body);
  }

  forward(x: Tensor): Tensor {
    return this.last.forward(this.middle.forward(this.first.forward(x)));
  }
}

const milder = "Take a lower learning rate, a warm-up, or clip gradients (clipNorm)";
const good = hostTensor([1, 2, -1, 0.5], [2, 2]);

interface Case extends Partial<Pick<TrainingOptions<Batch>, "watch">> {
  readonly body: Body;
  readonly batches?: readonly HostTensor[];
  readonly learningRate?: number;
  readonly gradients?: GradientPlan<Batch>;
}

/** Trains until the error, and gives it with the values that the model is left with. */
async function failed(options: Case): Promise<{ error: DivergenceError; model: Outer }> {
  const { body, batches = [good, good], learningRate = 1e-3, gradients, watch } = options;
  const model = new Outer(body);
  initialize(model, 1);
  const training = new Training<Batch>({
    model,
    optimizer: sgd(model.parameters(), { learningRate }),
    loss: ({ x }: Traced<Batch>, _: Mode) => sum(square(model.forward(x))),
    ...(gradients && { gradients }),
    ...(watch && { watch }),
  });
  const source = (): Batch[] => batches.map((x) => ({ x }));
  try {
    for await (const event of training.run({ epochs: 1, batches: source })) void event;
  } catch (error) {
    if (error instanceof DivergenceError) return { error, model };
    throw error;
  } finally {
    await training.release();
  }
  throw new Error("The training did not fail.");
}

describe("a loss that is no number is traced back", () => {
  test("to the operation and the layer", async () => {
    const body = (x: Tensor): Tensor => add(log(sub(mul(x, x), 100)), x);
    const { error, model } = await failed({ body });
    expect(error.message).toBe(
      "The loss is NaN at step 1: log in middle was the first to give NaN. " +
        `${milder}; keep divisions, roots and logarithms there away from 0.`,
    );
    const { step, loss, origin } = error;
    expect({ step, loss, origin }).toEqual({
      step: 1,
      loss: Number.NaN,
      origin: { kind: "activation", path: "middle", operation: "log", value: "NaN" },
    });
    // What the failed step assigned was taken back.
    for (const [path, tensor] of await modelTensors(model)) {
      expect(tensor.toArray().every(Number.isFinite), path).toBe(true);
    }
  });

  test("to what overflowed, not to the difference of two infinities", async () => {
    const body = (x: Tensor): Tensor => {
      const large = exp(mul(square(x), 1e6));
      return sub(large, mul(large, 2));
    };
    const { error } = await failed({ body });
    expect(error.message).toContain(": exp in middle was the first to give an infinite value. ");
  });

  test("to NaN rather than to a value that is only infinite", async () => {
    const body = (x: Tensor): Tensor => add(exp(mul(square(x), 1e6)), log(sub(mul(x, x), 100)));
    const { error } = await failed({ body });
    expect(error.message).toContain(": log in middle was the first to give NaN. ");
  });

  test("to the data", async () => {
    const bad = hostTensor([1, Number.NaN, 2, 3], [2, 2]);
    const { error } = await failed({ body: (x) => x, batches: [good, good, bad] });
    expect(error.message).toBe(
      'The loss is NaN at step 3: "x" of the batch holds NaN. Clean the data, or leave such rows out.',
    );
  });

  test("to weights that an earlier update has spoilt", async () => {
    const { error } = await failed({ body: (x) => x, learningRate: Number.POSITIVE_INFINITY });
    expect(error.origin).toMatchObject({ kind: "parameter" });
    expect(error.message).toMatch(
      /^The loss is NaN at step 2: \S+ held (NaN|an infinite value) before it, from an earlier update\. Take a lower learning rate, a warm-up, or clip gradients \(clipNorm\)\.$/,
    );
  });

  test("within one of several batches of a step", async () => {
    const bad = hostTensor([1, 2, Number.POSITIVE_INFINITY, 3], [2, 2]);
    const batches = [good, good, good, bad, good];
    const { error } = await failed({ body: (x) => x, batches, gradients: accumulated(2) });
    expect(error.message).toContain(
      ' at step 2: "x" of the batch holds an infinite value. Clean the data',
    );
  });
});

describe("gradients that are no numbers", () => {
  // The root of 0 is a number, its slope is none: all below it is lost, what is above it is not.
  const body = (x: Tensor): Tensor => sqrt(relu(sub(x, 100)));
  const wanted =
    "The gradients are no numbers at step 1: the gradient of middle.linear.bias was the first to " +
    `hold NaN. ${milder}; keep divisions, roots and logarithms there away from 0.`;

  test("are found in the step they appear in, where they are watched", async () => {
    const { error, model } = await failed({ body, watch: "gradients" });
    expect(error.message).toBe(wanted);
    for (const [path, tensor] of await modelTensors(model)) {
      expect(tensor.toArray().every(Number.isFinite), path).toBe(true);
    }
    const split = await failed({ body, watch: "gradients", gradients: accumulated(2) });
    expect(split.error.message).toBe(wanted);
  });

  test("show in the loss of the next step, where they are not", async () => {
    const { error } = await failed({ body });
    expect(error.step).toBe(2);
    expect(error.origin).toMatchObject({
      kind: "parameter",
      name: expect.stringMatching(/^(first|middle)\./),
    });
  });
});
