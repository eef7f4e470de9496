import type { Mode } from "@quire/nn";
import { gradients, type HostTensor, type MemoryEstimate, type Tensor } from "@quire/tensor";
import { globalNorm } from "../optimizer/clip.ts";
import type { Optimizer } from "../optimizer/optimizer.ts";
import type { Ema } from "./ema.ts";
import { Reversible } from "./reversible.ts";
import type { BatchOf, Traced } from "./traced.ts";

/** What a step is made of. */
export interface StepParts<B> {
  readonly loss: (batch: Traced<B>, mode: Mode) => Tensor;
  readonly mode: Mode;
  readonly optimizer: Optimizer;
  readonly average: Ema | undefined;
  /** Whether the norm of all gradients is measured. */
  readonly isWatched: boolean;
}

/** What a step shows of itself: the loss, and the norm of all gradients where that is watched. */
export interface Reading {
  readonly loss: number;
  readonly norm: number | undefined;
}

/** Turns batches into updates. */
export interface Step<B> {
  /** Batches an update is made from. */
  readonly batches: number;
  /** Forgets batches that were added and did not lead to an update. */
  begin(): Promise<void>;
  /** Takes a batch's gradient; shows nothing where other processes have to be asked first. */
  add(batch: B): Promise<Reading | undefined>;
  /** Updates the parameters; the loss is that of all batches that were added. */
  finish(): Promise<Reading>;
  /** What each of the step's calls takes in memory; nothing is run. */
  estimate(batch: B): MemoryEstimate[];
  /** Takes back what the call that showed the last reading assigned; gives the batch that is to blame. */
  takeBack(): B;
  /** Gives back the memory of what was compiled. */
  release(): Promise<void>;
}

/** What a step returns, traced and run. */
export type Shown<T> = { readonly loss: T; readonly norm?: T };

/** A reading from what a step returned. */
export function readingOf({ loss, norm }: Shown<HostTensor>): Reading {
  return { loss: loss.item(), norm: norm?.item() };
}

/** A batch's loss, gradients and update in one call. */
export class WholeStep<B extends BatchOf<B>> implements Step<B> {
  readonly batches = 1;
  readonly #call: Reversible<[batch: B], Shown<HostTensor>>;
  #reading: Reading = { loss: Number.NaN, norm: undefined };
  #batch: B | undefined;

  constructor({ loss, mode, optimizer, average, isWatched }: StepParts<B>) {
    const traced = (batch: Traced<B>): Shown<Tensor> => {
      const value = loss(batch, mode);
      const slopes = isWatched ? gradients(value, optimizer.parameters) : undefined;
      if (slopes) optimizer.update(slopes);
      else optimizer.minimize(value);
      average?.update();
      return slopes
        ? { loss: value, norm: globalNorm(slopes, optimizer.parameters) }
        : { loss: value };
    };
    this.#call = new Reversible(traced, "training step");
  }

  begin(): Promise<void> {
    return Promise.resolve();
  }

  async add(batch: B): Promise<Reading> {
    this.#batch = batch;
    this.#reading = readingOf(await this.#call.call(batch));
    return this.#reading;
  }

  finish(): Promise<Reading> {
    return Promise.resolve(this.#reading);
  }

  estimate(batch: B): MemoryEstimate[] {
    return [this.#call.estimate(batch)];
  }

  takeBack(): B {
    this.#call.takeBack();
    return this.#batch as B;
  }

  release(): Promise<void> {
    return this.#call.release();
  }
}
