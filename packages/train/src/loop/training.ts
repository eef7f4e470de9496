import type { Mode, Module } from "@quire/nn";
import { QuireError, RandomStream, type Tensor, type Variable } from "@quire/tensor";
import { shareNumbers, shareVariables } from "../distributed/shared-state.ts";
import { originOf } from "../guard/diagnose.ts";
import { DivergenceError } from "../guard/divergence.ts";
import { MemoryError, type StepMemory, stepMemory } from "../guard/memory.ts";
import { setValues, valuesOf } from "../model-state.ts";
import type { Optimizer } from "../optimizer/optimizer.ts";
import type { SafetensorsContent } from "../safetensors.ts";
import type { EarlyStopping } from "./early-stopping.ts";
import type { Ema } from "./ema.ts";
import type { EpochEvent, StepEvent, TrainingEvent } from "./events.ts";
import type { GradientPlan } from "./gradient-plan.ts";
import { type KeptState, keptIn, withKept, withoutKept } from "./kept-state.ts";
import { type Place, parsePlace, placeText, start } from "./place.ts";
import { SplitStep } from "./split-step.ts";
import { type Reading, type Step, WholeStep } from "./step.ts";
import type { Batches, BatchOf, Traced } from "./traced.ts";

/** What is trained, and how. */
export interface TrainingOptions<B> {
  readonly model: Module;
  readonly optimizer: Optimizer;
  /** The loss of a batch, a scalar, traced. */
  readonly loss: (batch: Traced<B>, mode: Mode) => Tensor;
  /** Seed of dropout and its like; 0 unless said. Initial values have their own: see `initialize`. */
  readonly seed?: number;
  /** How gradients are gathered: from each batch unless said, or `accumulated(4)`, `dataParallel(group)`. */
  readonly gradients?: GradientPlan<B>;
  /** Averages the weights over the steps; evaluations then measure the averages. */
  readonly average?: Ema;
  /** Ends the training early. */
  readonly stop?: EarlyStopping;
  /** What must stay a number at every step: the loss unless said, or the gradients too, for one more pass over them. */
  readonly watch?: "loss" | "gradients";
}

/** What a training runs over. */
export interface RunOptions<B> {
  /** Passes over the data. */
  readonly epochs: number;
  /** An epoch's batches from the given one on; the same for the same epoch. */
  readonly batches: (epoch: number, start: number) => Batches<B>;
  /** Measures the model after each epoch. */
  readonly evaluate?: (epoch: number) => Promise<Readonly<Record<string, number>>>;
  /** Bytes that a step may take; one that needs more is refused before it runs. */
  readonly memoryLimit?: number;
}

/** What is run, stored and gone on with: a training, or several in a row. */
export type Trainable<B extends BatchOf<B>> = Pick<
  Training<B>,
  "run" | "checkpoint" | "resume" | "release"
>;

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
  readonly #options: TrainingOptions<B>;
  readonly #state: readonly (readonly [name: string, variable: Variable])[];
  readonly #mode: Mode;
  readonly #step: Step<B>;
  #place: Place = start;
  #kept: KeptState | undefined;

  constructor(options: TrainingOptions<B>) {
    const { model, optimizer, loss, seed = 0, gradients, average, watch = "loss" } = options;
    const random = new RandomStream(seed, "random", gradients?.group?.rank ?? 0);
    const mode: Mode = { training: true, random };
    const parts = { loss, mode, optimizer, average, isWatched: watch === "gradients" };
    const isSplit = gradients !== undefined && (gradients.batches > 1 || gradients.group);
    this.#options = options;
    this.#mode = mode;
    this.#step = isSplit ? new SplitStep(parts, gradients) : new WholeStep(parts);
    this.#state = [
      ...model.namedState().map(([path, variable]) => [`model.${path}`, variable] as const),
      ...optimizer.variables.map((variable) => [`optimizer.${variable.name}`, variable] as const),
      ...(average?.variables ?? []).map((variable) => [`ema.${variable.name}`, variable] as const),
      ["random", random.state],
    ];
  }

  /**
   * Trains until the epochs are done, and tells of every step and epoch. Between two events the training may be
   * stored, left, and gone on with.
   *
   * @throws DivergenceError when the loss is no number any more; MemoryError when a step does not fit; QuireError when an
   * epoch has no batches.
   */
  async *run(options: RunOptions<B>): AsyncGenerator<TrainingEvent, void, undefined> {
    const { stop, gradients } = this.#options;
    await this.#step.begin();
    if (gradients?.group) {
      await shareVariables(
        gradients.group,
        this.#state.map(([, variable]) => variable),
      );
    }
    let isChecked = options.memoryLimit === undefined;
    while (this.#place.epoch < options.epochs && !stop?.stopped) {
      const { epoch, batch } = this.#place;
      let added = 0;
      for await (const fed of options.batches(epoch, batch)) {
        if (!isChecked) this.#requireMemory(fed, options.memoryLimit as number);
        isChecked = true;
        await this.#check(await this.#step.add(fed));
        added += 1;
        if (added < this.#step.batches) continue;
        yield await this.#update(added);
        added = 0;
      }
      if (added > 0) yield await this.#update(added);
      yield await this.#endEpoch(options);
    }
  }

  /** Makes further state part of checkpoints from now on: where environments stand, for one. */
  keep(state: KeptState): void {
    this.#kept = state;
  }

  #requireMemory(batch: B, limit: number): void {
    const needed = this.estimateMemory(batch);
    if (needed.total > limit) throw new MemoryError(needed, limit);
  }

  /** What a step on a batch like this takes in memory, from its graph; nothing is run. */
  estimateMemory(batch: B): StepMemory {
    const { model, optimizer } = this.#options;
    return stepMemory(model, optimizer, this.#step.estimate(batch));
  }

  async #update(added: number): Promise<StepEvent> {
    const reading = await this.#step.finish();
    await this.#check(reading);
    const { loss } = reading;
    const { epoch, batch, step, lossSum } = this.#place;
    const place = { epoch, batch: batch + added, step: step + 1 };
    this.#place = { ...place, lossSum: lossSum + loss * added };
    return { type: "step", loss, ...place };
  }

  async #check(reading: Reading | undefined): Promise<void> {
    if (!reading || (Number.isFinite(reading.loss) && Number.isFinite(reading.norm ?? 0))) return;
    const batch = this.#step.takeBack();
    const { loss, optimizer } = this.#options;
    const { parameters } = optimizer;
    const origin = await originOf({ loss, mode: this.#mode, parameters, batch });
    throw new DivergenceError({ step: this.#place.step + 1, loss: reading.loss, origin });
  }

  async #endEpoch(options: RunOptions<B>): Promise<EpochEvent> {
    const { epoch, batch, step, lossSum } = this.#place;
    if (batch === 0) {
      throw new QuireError(`Epoch ${epoch} has no batches; give data, or a smaller batch size.`);
    }
    const metrics = await this.#measure(options);
    const event: EpochEvent = { type: "epoch", epoch, batch, step, loss: lossSum / batch, metrics };
    this.#options.stop?.observe(event);
    this.#place = { epoch: epoch + 1, batch: 0, step, lossSum: 0 };
    return event;
  }

  /** Evaluates the averaged weights where there are some; all processes get what process 0 measured. */
  async #measure({ evaluate }: RunOptions<B>): Promise<Readonly<Record<string, number>>> {
    if (!evaluate) return {};
    const { average, gradients } = this.#options;
    await average?.swap();
    try {
      const metrics = await evaluate(this.#place.epoch);
      return gradients?.group ? await shareNumbers(gradients.group, metrics) : metrics;
    } finally {
      await average?.swap();
    }
  }

  /**
   * Everything that the rest of the training depends on.
   *
   * @throws QuireError while the model holds averaged weights.
   */
  async checkpoint(): Promise<Required<SafetensorsContent>> {
    const { average, stop } = this.#options;
    if (average?.isSwapped) {
      throw new QuireError("checkpoint: the model holds averaged weights; call swap again first.");
    }
    const metadata = { ...placeText(this.#place), ...stop?.state() };
    return { tensors: await withKept(await valuesOf(this.#state), this.#kept), metadata };
  }

  /**
   * Goes to where a training stood when `checkpoint` was taken.
   *
   * @throws QuireError when it was taken of another model or optimiser.
   */
  async resume({ tensors, metadata = {} }: SafetensorsContent): Promise<void> {
    const place = parsePlace(metadata);
    await setValues("resume", this.#state, withoutKept(tensors));
    await this.#kept?.restore(keptIn(tensors));
    this.#options.stop?.restore(metadata);
    this.#place = place;
  }

  /** Gives back the memory of the compiled step. */
  release(): Promise<void> {
    return this.#step.release();
  }
}
