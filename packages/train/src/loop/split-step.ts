// N numbers in all parameters together

import {
  add,
  concat,
  div,
  full,
  gradients,
  type HostTensor,
  hostTensor,
  type MemoryEstimate,
  mul,
  reshape,
  sizeOf,
  split,
  type Tensor,
  Variable,
} from "@quire/tensor";
import { partOf } from "../distributed/data-parallel.ts";
import type { ProcessGroup } from "../distributed/process-group.ts";
import { averageVariables } from "../distributed/shared-state.ts";
import { globalNorm } from "../optimizer/clip.ts";
import type { GradientPlan } from "./gradient-plan.ts";
import { Reversible } from "./reversible.ts";
import { type Reading, readingOf, type Shown, type Step, type StepParts } from "./step.ts";
import type { BatchOf, Traced } from "./traced.ts";

/**
 * Gradients first and the update afterwards. In between, the weighted sums of all gradients and of the losses, and the
 * sum of the weights, stand in one variable `[N + 2]`, which processes add up in one collective.
 */
export class SplitStep<B extends BatchOf<B>> implements Step<B> {
  readonly batches: number;
  readonly #plan: GradientPlan<B>;
  readonly #sum: Variable;
  readonly #add: Reversible<[batch: B, weight: HostTensor], Shown<HostTensor>>;
  readonly #update: Reversible<[], Shown<HostTensor>>;
  /** The first batch since the last update whose loss was no number. */
  #suspect: B | undefined;
  #lastBatch: B | undefined;
  #last: { takeBack(): void } | undefined;

  constructor(parts: StepParts<B>, plan: GradientPlan<B>) {
    const count = parts.optimizer.parameters.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
    this.batches = plan.batches;
    this.#plan = plan;
    this.#sum = new Variable([count + 2], { name: "gradientSum", trainable: false });
    this.#add = new Reversible(tracedAdd(parts, this.#sum), "gradients");
    this.#update = new Reversible(tracedUpdate(parts, this.#sum), "update");
  }

  async begin(): Promise<void> {
    this.#suspect = undefined;
    const { shape } = this.#sum;
    await this.#sum.set(hostTensor(new Float32Array(sizeOf(shape)), shape));
  }

  async add(batch: B): Promise<Reading | undefined> {
    const { group, weight } = this.#plan;
    const part = group ? partOf(batch, group) : { batch, counts: true };
    const share = hostTensor(part.counts ? weight(part.batch) : 0);
    this.#last = this.#add;
    this.#lastBatch = part.batch;
    const reading = readingOf(await this.#add.call(part.batch, share));
    if (!Number.isFinite(reading.loss)) this.#suspect ??= part.batch;
    // Processes that stop by themselves would leave the others waiting.
    return group ? undefined : reading;
  }

  async finish(): Promise<Reading> {
    const { group } = this.#plan;
    if (group) await this.#shareSums(group);
    this.#last = this.#update;
    const reading = readingOf(await this.#update.call());
    if (Number.isFinite(reading.loss)) this.#suspect = undefined;
    return reading;
  }

  /** Adds up the sums of all processes; variables that the batches changed become their means. */
  async #shareSums(group: ProcessGroup): Promise<void> {
    const sums = await this.#sum.get();
    await group.allReduce(sums.data as Float32Array);
    await this.#sum.set(sums);
    const running = this.#add
      .writes()
      .filter((variable) => variable !== this.#sum && variable.dtype === "float32");
    await averageVariables(group, running);
  }

  estimate(batch: B): MemoryEstimate[] {
    const { group } = this.#plan;
    const part = group ? partOf(batch, group).batch : batch;
    return [this.#add.estimate(part, hostTensor(1)), this.#update.estimate()];
  }

  takeBack(): B {
    this.#last?.takeBack();
    return (this.#suspect ?? this.#lastBatch) as B;
  }

  async release(): Promise<void> {
    await this.#add.release();
    await this.#update.release();
  }
}

function tracedAdd<B extends BatchOf<B>>(parts: StepParts<B>, sum: Variable) {
  return (batch: Traced<B>, weight: Tensor): Shown<Tensor> => {
    const loss = parts.loss(batch, parts.mode);
    const slopes = gradients(loss, parts.optimizer.parameters);
    const flat = [...slopes, loss, full([], 1)].map((x) => reshape(x, [sizeOf(x.shape)]));
    sum.assign(add(sum, mul(concat(flat), weight)));
    return { loss };
  };
}

function tracedUpdate<B>({ optimizer, average, isWatched }: StepParts<B>, sum: Variable) {
  return (): Shown<Tensor> => {
    const sizes = optimizer.parameters.map(({ shape }) => sizeOf(shape));
    const parts = split(sum, [...sizes, 1, 1]);
    const weight = parts.at(-1) as Tensor;
    const means = parts.map((part) => div(part, weight));
    const slopes = optimizer.parameters.map(({ shape }, i) => reshape(means[i] as Tensor, shape));
    optimizer.update(slopes);
    average?.update();
    sum.assign(full(sum.shape, 0));
    const loss = reshape(means.at(-2) as Tensor, []);
    return isWatched ? { loss, norm: globalNorm(slopes, optimizer.parameters) } : { loss };
  };
}
