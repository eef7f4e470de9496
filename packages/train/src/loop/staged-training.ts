import { QuireError } from "@quire/tensor";
import type { SafetensorsContent } from "../safetensors.ts";
import type { TrainingEvent } from "./events.ts";
import { parsePlace, placeText } from "./place.ts";
import type { BatchOf } from "./traced.ts";
import type { RunOptions, Trainable } from "./training.ts";

/** A training that is one of several, one after the other. */
export interface TrainingStage<B extends BatchOf<B>> {
  /** What it is called in checkpoints and messages; each stage has another name. */
  readonly name: string;
  readonly epochs: number;
  /** Its model holds all that later stages need of it. */
  readonly training: Trainable<B>;
  /** Brings over what the stages before have learned; not called again when it is gone on with. */
  readonly enter?: () => Promise<void>;
}

/** The metadata's words for the stage, and for the steps before it. */
const STAGE = "stage";
const BEFORE = "stepsBefore";

/**
 * Several trainings in a row that are one to who runs and stores them: epochs and steps are counted through, and a
 * checkpoint is that of the stage that runs, with its name.
 */
export class StagedTraining<B extends BatchOf<B>> implements Trainable<B> {
  readonly #stages: readonly TrainingStage<B>[];
  #current = 0;
  /** Steps of the stages that are done. */
  #before = 0;
  /** Steps of the stage that runs. */
  #own = 0;
  #isEntered = false;

  /** @throws QuireError when there is no stage, or two have one name. */
  constructor(stages: readonly TrainingStage<B>[]) {
    const names = new Set(stages.map(({ name }) => name));
    if (stages.length === 0 || names.size < stages.length) {
      throw new QuireError("StagedTraining: give at least one stage, each with another name.");
    }
    this.#stages = stages;
  }

  /** The name of the stage that runs. */
  get stage(): string {
    return this.#stage.name;
  }

  get #stage(): TrainingStage<B> {
    return this.#stages[this.#current] as TrainingStage<B>;
  }

  /** Epochs of the stages before the one that runs. */
  get #epochsBefore(): number {
    return this.#stages.slice(0, this.#current).reduce((sum, { epochs }) => sum + epochs, 0);
  }

  /** Trains stage after stage; epochs are those of the stages, whatever the options say. */
  async *run(options: RunOptions<B>): AsyncGenerator<TrainingEvent, void, undefined> {
    while (true) {
      const stage = this.#stage;
      if (!this.#isEntered) await stage.enter?.();
      this.#isEntered = true;
      yield* this.#runStage(stage, options);
      if (this.#current === this.#stages.length - 1) return;
      await stage.training.release();
      this.#current += 1;
      this.#before += this.#own;
      this.#own = 0;
      this.#isEntered = false;
    }
  }

  async *#runStage(
    { training, epochs }: TrainingStage<B>,
    options: RunOptions<B>,
  ): AsyncGenerator<TrainingEvent, void, undefined> {
    const [first, before] = [this.#epochsBefore, this.#before];
    const own: RunOptions<B> = {
      ...options,
      epochs,
      batches: (epoch, start) => options.batches(first + epoch, start),
      ...(options.evaluate && {
        evaluate: (epoch: number) => options.evaluate?.(first + epoch) ?? none,
      }),
    };
    for await (const event of training.run(own)) {
      this.#own = event.step;
      yield { ...event, epoch: first + event.epoch, step: before + event.step };
    }
  }

  /** The state of the stage that runs. */
  async checkpoint(): Promise<Required<SafetensorsContent>> {
    const { tensors, metadata } = await this.#stage.training.checkpoint();
    const place = parsePlace(metadata);
    const counted = placeText({
      ...place,
      epoch: this.#epochsBefore + place.epoch,
      step: this.#before + place.step,
    });
    const stage = { [STAGE]: this.stage, [BEFORE]: String(this.#before) };
    return { tensors, metadata: { ...metadata, ...counted, ...stage } };
  }

  /**
   * Goes to where a training of the same stages stood.
   *
   * @throws QuireError when the checkpoint is of a stage that is none of these.
   */
  async resume({ tensors, metadata = {} }: SafetensorsContent): Promise<void> {
    const current = this.#stages.findIndex(({ name }) => name === metadata[STAGE]);
    if (current < 0) {
      throw new QuireError(
        `resume: the checkpoint is of the stage ${metadata[STAGE] ?? "without a name"}; this training has ` +
          `${this.#stages.map(({ name }) => name).join(", ")}.`,
      );
    }
    this.#current = current;
    this.#before = Number(metadata[BEFORE]);
    this.#isEntered = true;
    const place = parsePlace(metadata);
    this.#own = place.step - this.#before;
    const own = placeText({ ...place, epoch: place.epoch - this.#epochsBefore, step: this.#own });
    await this.#stage.training.resume({ tensors, metadata: { ...metadata, ...own } });
  }

  /** Gives back the memory of what was compiled. */
  async release(): Promise<void> {
    await Promise.all(this.#stages.map(({ training }) => training.release()));
  }
}

const none: Promise<Readonly<Record<string, number>>> = Promise.resolve({});
