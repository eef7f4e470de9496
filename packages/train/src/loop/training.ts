import type { Mode, Module } from "@quire/nn";
import {
  type Compiled,
  compile,
  type HostTensor,
  QuireError,
  RandomStream,
  type Tensor,
  type Variable,
} from "@quire/tensor";
import { setValues, valuesOf } from "../model-state.ts";
import type { Optimizer } from "../optimizer/optimizer.ts";
import type { SafetensorsContent } from "../safetensors.ts";
import type { EpochEvent, TrainingEvent } from "./events.ts";
import { type Place, parsePlace, placeText, start } from "./place.ts";
import type { Batches, BatchOf, Traced } from "./traced.ts";

/** What is trained, and how. */
export interface TrainingOptions<B> {
  readonly model: Module;
  readonly optimizer: Optimizer;
  /** The loss of a batch, a scalar, traced. */
  readonly loss: (batch: Traced<B>, mode: Mode) => Tensor;
  /** Seed of dropout and its like; 0 unless said. Initial values have their own: see `initialize`. */
  readonly seed?: number;
}

/** What a training runs over. */
export interface RunOptions<B> {
  /** Passes over the data. */
  readonly epochs: number;
  /** An epoch's batches from the given one on; the same for the same epoch. */
  readonly batches: (epoch: number, start: number) => Batches<B>;
  /** Measures the model after each epoch. */
  readonly evaluate?: (epoch: number) => Promise<Readonly<Record<string, number>>>;
}

type Step<B> = Compiled<[batch: Traced<B>], { readonly loss: Tensor }>;

/**
 * A model being trained: one compiled step, and a place in the data that can be stored and gone back to. A resumed
 * training ends where the uninterrupted one ends, bit for bit.
 *
 * @example
 * const training = new Training({ model, optimizer, loss, seed: 1 });
 * for await (const event of training.run({ epochs: 3, batches })) {
 *   if (event.type === "epoch") await saveSafetensors(path, await training.checkpoint());
 * }
 */
export class Training<B extends BatchOf<B>> {
  readonly #state: readonly (readonly [name: string, variable: Variable])[];
  readonly #step: Step<B>;
  #place: Place = start;

  constructor({ model, optimizer, loss, seed = 0 }: TrainingOptions<B>) {
    const random = new RandomStream(seed);
    const mode: Mode = { training: true, random };
    this.#step = compile(
      (batch: Traced<B>) => {
        const value = loss(batch, mode);
        optimizer.minimize(value);
        return { loss: value };
      },
      { name: "training step" },
    );
    this.#state = [
      ...model.namedState().map(([path, variable]) => [`model.${path}`, variable] as const),
      ...optimizer.variables.map((variable) => [`optimizer.${variable.name}`, variable] as const),
      ["random", random.state],
    ];
  }

  /**
   * Trains until the epochs are done, and tells of every step and epoch. Between two events the training may be
   * stored, left, and gone on with.
   *
   * @throws QuireError when the loss is no number any more, or an epoch has no batches.
   */
  async *run(options: RunOptions<B>): AsyncGenerator<TrainingEvent, void, undefined> {
    while (this.#place.epoch < options.epochs) {
      const { epoch, batch } = this.#place;
      for await (const fed of options.batches(epoch, batch)) {
        const loss = await this.#learn(fed);
        yield { type: "step", loss, epoch, batch: this.#place.batch, step: this.#place.step };
      }
      yield await this.#endEpoch(options);
    }
  }

  async #learn(batch: B): Promise<number> {
    const call = this.#step as unknown as (batch: B) => Promise<{ readonly loss: HostTensor }>;
    const loss = (await call(batch)).loss.item();
    const { step, batch: done, lossSum, ...rest } = this.#place;
    if (!Number.isFinite(loss)) {
      throw new QuireError(
        `The loss is ${loss} at step ${step + 1}: take a lower learning rate, or clip gradients.`,
      );
    }
    this.#place = { ...rest, step: step + 1, batch: done + 1, lossSum: lossSum + loss };
    return loss;
  }

  async #endEpoch({ evaluate }: RunOptions<B>): Promise<EpochEvent> {
    const { epoch, batch, step, lossSum } = this.#place;
    if (batch === 0) {
      throw new QuireError(`Epoch ${epoch} has no batches; give data, or a smaller batch size.`);
    }
    const metrics = (await evaluate?.(epoch)) ?? {};
    this.#place = { epoch: epoch + 1, batch: 0, step, lossSum: 0 };
    return { type: "epoch", epoch, batch, step, loss: lossSum / batch, metrics };
  }

  /** Everything that the rest of the training depends on. */
  async checkpoint(): Promise<Required<SafetensorsContent>> {
    return { tensors: await valuesOf(this.#state), metadata: placeText(this.#place) };
  }

  /**
   * Goes to where a training stood when `checkpoint` was taken.
   *
   * @throws QuireError when it was taken of another model or optimiser.
   */
  async resume({ tensors, metadata = {} }: SafetensorsContent): Promise<void> {
    const place = parsePlace(metadata);
    await setValues("resume", this.#state, tensors);
    this.#place = place;
  }

  /** Gives back the memory of the compiled step. */
  release(): Promise<void> {
    return this.#step.release();
  }
}
