import { existsSync } from "node:fs";
import { compile, hostTensor, type Tensor } from "@quire/tensor";
import type { ProcessGroup } from "../../distributed/process-group.ts";
import { DivergenceError } from "../../guard/divergence.ts";
import type { EpochEvent, StepEvent, TrainingEvent } from "../../loop/events.ts";
import type { BatchOf } from "../../loop/traced.ts";
import type { RunOptions, Trainable } from "../../loop/training.ts";
import { rateAt, type Schedule } from "../../optimizer/schedule.ts";
import type { NamedTensors } from "../../safetensors.ts";
import { Checkpoints, type StoredCheckpoint, stepOf } from "./checkpoints.ts";
import { EventFile } from "./event-file.ts";
import { type StoredEvent, takeBackEvents } from "./event-history.ts";
import { type EpochPoint, MetricsLog } from "./metrics-log.ts";
import { stored } from "./storage-error.ts";

/** What is recorded of a training, and where. */
export interface RecordOptions<B extends BatchOf<B>> {
  readonly run: RunOptions<B>;
  /** The run's folder, which must be there. */
  readonly folder: string;
  readonly checkpoints?: CheckpointPolicy;
  /** Set to go on from the last checkpoint. */
  readonly resume?: ResumeOptions;
  /** Ends the training after the present step, with a checkpoint. */
  readonly signal?: AbortSignal;
  /** What the process does among those that train together; it records unless said. */
  readonly among?: RecordingRole;
  readonly onEvent?: (event: TrainingEvent) => void | Promise<void>;
  /** The learning rate, for its curve. */
  readonly schedule?: Schedule;
}

/** How a training goes on. */
export interface ResumeOptions {
  /** Whether an older checkpoint will do where the last one is damaged, and no best one where that is. */
  readonly fallback: boolean;
  /** Told where it goes on, before it does. */
  readonly onStart?: (start: ResumeStart) => void;
}

/** Where a training goes on. */
export interface ResumeStart {
  /** The checkpoint that it goes on from; without one it begins anew. */
  readonly path?: string;
  /** Updates made before. */
  readonly step: number;
  /** Checkpoints that are damaged, and were set aside. */
  readonly damaged: readonly string[];
}

/** What a process does where several train together. */
export interface RecordingRole {
  /** Trains along and writes nothing: a process beside the one that records. */
  readonly isFollower: boolean;
  /** All processes, where the model is divided: a checkpoint is then put together from their parts. */
  readonly together?: ProcessGroup;
}

/** When checkpoints are written, and which are kept. */
export interface CheckpointPolicy {
  /** Seconds between two of them; 30 unless said. */
  readonly seconds?: number;
  /** Steps between two of them; not counted unless said. */
  readonly steps?: number;
  /** How many of the last ones are kept; 2 unless said. */
  readonly keep?: number;
  /** The metric whose best epoch is kept too. */
  readonly best?: { readonly metric: string; readonly better: "higher" | "lower" };
}

/** How a recorded training went. */
export interface Recorded {
  /** Every epoch, those before a resume too. */
  readonly points: readonly EpochPoint[];
  /** The best epoch, from 1, and the training's state after it. */
  readonly best?: { readonly epoch: number; readonly content: StoredCheckpoint["content"] };
  /** Whether the signal ended it. */
  readonly stopped: boolean;
  /** Updates made in all. */
  readonly steps: number;
  /** Wall-clock seconds, since a resume if there was one. */
  readonly seconds: number;
}

const EVERY = 30;
/** What only an epoch's values have. */
const EPOCH_TAG = "trainingLoss";

/**
 * Trains and records: epochs in `metrics.jsonl`, curves in TensorBoard's event files, and checkpoints from which a
 * run that was killed at any moment goes on, to end as it would have ended, bit for bit.
 *
 * @throws DivergenceError that names the last checkpoint, when the loss is no number any more; CheckpointError when a
 * checkpoint to go on from is damaged; StorageError when a file cannot be written; what `Training.run` throws.
 */
export async function recordTraining<B extends BatchOf<B>>(
  training: Trainable<B>,
  options: RecordOptions<B>,
): Promise<Recorded> {
  const recorder = new Recorder(training, options);
  const started = performance.now();
  await stored(
    options.folder,
    () => recorder.last(),
    () => recorder.open(),
  );
  try {
    for await (const event of training.run(options.run)) {
      await options.onEvent?.(event);
      await recorder.take(event);
      if (options.signal?.aborted) break;
    }
    await recorder.close();
  } catch (error) {
    throw await recorder.explained(error);
  }
  return await recorder.recorded((performance.now() - started) / 1000);
}

class Recorder<B extends BatchOf<B>> {
  readonly #training: Trainable<B>;
  readonly #options: RecordOptions<B>;
  readonly #checkpoints: Checkpoints;
  readonly #log: MetricsLog;
  readonly #events: EventFile;
  readonly #rate: ((update: number) => Promise<number>) | undefined;
  #savedAt = performance.now();
  #savedStep = 0;
  /** Whether the last checkpoint is of now: an epoch's end changes more than its last step did. */
  #isSaved = false;
  #step = 0;
  #loss = 0;

  constructor(training: Trainable<B>, options: RecordOptions<B>) {
    const { folder, checkpoints, schedule } = options;
    this.#training = training;
    this.#options = options;
    this.#checkpoints = new Checkpoints(folder, checkpoints);
    this.#log = new MetricsLog(folder);
    this.#events = new EventFile(folder);
    this.#rate = schedule === undefined ? undefined : rateOf(schedule);
  }

  async open(): Promise<void> {
    const { resume, among, folder } = this.#options;
    const isFollower = among?.isFollower ?? false;
    if (!isFollower) await this.#checkpoints.open();
    const from = resume && (await this.#checkpoints.latest(resume));
    if (from) await this.#training.resume(from.content);
    if (isFollower) return;
    const { epoch = "0", batch = "0", step = "0" } = from?.content.metadata ?? {};
    this.#step = Number(step);
    const place = { epoch: Number(epoch), isEpochEnd: batch === "0", step: this.#step };
    if (resume) await this.#openAgain(from, resume, place.step);
    await this.#log.open(place.epoch);
    await takeBackEvents(folder, (event) => standsAt(place, event));
    if (from) await this.#goOn(from, place);
  }

  /** Looks at the checkpoints that a run goes on with, and tells of them. */
  async #openAgain(
    from: StoredCheckpoint | undefined,
    { fallback, onStart }: ResumeOptions,
    step: number,
  ): Promise<void> {
    if (!fallback) await this.#checkpoints.best();
    const last = (from?.damaged ?? []).filter((path) => existsSync(path));
    await this.#checkpoints.setAside(last);
    const damaged = [...last, ...(fallback ? await this.#checkpoints.setBestAside() : [])];
    onStart?.({ ...(from && { path: from.path }), step, damaged });
  }

  async #goOn(from: StoredCheckpoint, { step, isEpochEnd }: ResumedPlace): Promise<void> {
    this.#savedStep = step;
    this.#isSaved = true;
    this.#events.resumed(step);
    const last = this.#log.points.at(-1);
    // Killed between storing and naming it the best.
    if (isEpochEnd && last && last === this.#firstBest()) {
      await this.#checkpoints.markBest(from.path);
    }
  }

  async take(event: TrainingEvent): Promise<void> {
    this.#step = event.step;
    this.#loss = event.loss;
    this.#isSaved = false;
    if (this.#options.among?.isFollower) await this.#follow();
    else await (event.type === "step" ? this.#takeStep(event) : this.#takeEpoch(event));
  }

  async #takeStep({ step, loss }: StepEvent): Promise<void> {
    const rate = await this.#rate?.(step - 1);
    const curves = { loss, ...(rate !== undefined && { "learning rate": rate }) };
    this.#events.scalars(step, curves);
    const { seconds = EVERY, steps = Number.POSITIVE_INFINITY } = this.#options.checkpoints ?? {};
    const isLate = performance.now() - this.#savedAt >= 1000 * seconds;
    if (await this.#agreed(isLate || step - this.#savedStep >= steps)) await this.#save();
  }

  async #takeEpoch({ epoch, step, loss, metrics }: EpochEvent): Promise<void> {
    const point = { epoch: epoch + 1, values: { [EPOCH_TAG]: loss, ...metrics } };
    this.#events.scalars(step, point.values);
    const isBest = this.#isBest(point);
    await this.#write(() => this.#log.add(point));
    const { seconds = EVERY } = this.#options.checkpoints ?? {};
    const isLate = performance.now() - this.#savedAt >= 1000 * seconds;
    if (await this.#agreed(isBest || isLate)) await this.#save(isBest);
  }

  /** Whether no epoch before was as good. */
  #isBest(point: EpochPoint): boolean {
    const value = this.#valueOf(point);
    if (value === undefined) return false;
    return this.#log.points.every((other) => {
      const before = this.#valueOf(other);
      return before === undefined || this.#isBetter(value, before);
    });
  }

  #valueOf({ values }: EpochPoint): number | undefined {
    const { best } = this.#options.checkpoints ?? {};
    const value = best && values[best.metric];
    // A value that is no number, which the log holds as null, is neither better nor worse.
    return Number.isFinite(value) ? value : undefined;
  }

  #isBetter(value: number, than: number): boolean {
    const { best } = this.#options.checkpoints ?? {};
    return best?.better === "lower" ? value < than : value > than;
  }

  /** What the process that records has decided, for all that have a part of the state. */
  async #agreed(isDue: boolean): Promise<boolean> {
    const together = this.#options.among?.together;
    if (!together) return isDue;
    const word = Uint8Array.of(Number(isDue));
    await together.broadcast(word);
    return word[0] === 1;
  }

  /** Gives its part of a checkpoint, where one is taken. */
  async #follow(): Promise<void> {
    if (await this.#agreed(false)) await this.#training.checkpoint();
  }

  async #save(isBest = false): Promise<void> {
    const content = await this.#training.checkpoint();
    this.#requireNumbers(content.tensors);
    await this.#write(async () => {
      await this.#events.flush();
      await this.#checkpoints.save(content, isBest);
    });
    this.#savedAt = performance.now();
    this.#savedStep = this.#step;
    this.#isSaved = true;
  }

  /** Refuses weights that are no numbers: a loss shows them a step late, and they must not replace good ones. */
  #requireNumbers(tensors: NamedTensors): void {
    for (const [name, { dtype, data }] of tensors) {
      if (dtype !== "float32" || !name.startsWith("model.")) continue;
      const bad = (data as Float32Array).find((number) => !Number.isFinite(number));
      if (bad === undefined) continue;
      const value = Number.isNaN(bad) ? "NaN" : "infinite";
      const origin = { kind: "weight", name: name.slice("model.".length), value } as const;
      throw new DivergenceError({ step: this.#step, loss: this.#loss, origin });
    }
  }

  async #write(task: () => Promise<void>): Promise<void> {
    await stored(this.#options.folder, () => this.last(), task);
  }

  /** The end, or a stop: the state is kept. */
  async close(): Promise<void> {
    if (this.#options.among?.isFollower) return await this.#follow();
    if (await this.#agreed(!this.#isSaved)) await this.#save();
    else await this.#write(() => this.#events.flush());
  }

  /** The newest checkpoint's path. */
  async last(): Promise<string | undefined> {
    return (await this.#checkpoints.paths())[0];
  }

  /** An error with what of the run stands. */
  async explained(error: unknown): Promise<unknown> {
    if (!(error instanceof DivergenceError)) return error;
    await this.#events.flush().catch(() => undefined);
    const path = await this.last();
    const kept =
      path === undefined
        ? "There is no checkpoint before it."
        : `The last good checkpoint is that of step ${stepOf(path)}: ${path}.`;
    return new DivergenceError(error, kept);
  }

  async recorded(seconds: number): Promise<Recorded> {
    const { points } = this.#log;
    const best = await this.#checkpoints.best();
    const found = this.#firstBest();
    return {
      ...{ points, seconds, steps: this.#step },
      stopped: this.#options.signal?.aborted ?? false,
      ...(best && found && { best: { epoch: found.epoch, content: best.content } }),
    };
  }

  /** The epoch that none is better than, the first of several as good. */
  #firstBest(): EpochPoint | undefined {
    return this.#log.points.find((point) => {
      const value = this.#valueOf(point);
      if (value === undefined) return false;
      return this.#log.points.every((other) => {
        const its = this.#valueOf(other);
        return its === undefined || !this.#isBetter(its, value);
      });
    });
  }
}

/** Where a checkpoint stands in the data. */
interface ResumedPlace {
  /** Epochs that are done. */
  readonly epoch: number;
  /** Whether the last of them was measured already, or the next has begun. */
  readonly isEpochEnd: boolean;
  readonly step: number;
}

/** Whether a run that goes on from a place does not give a value again: of the same step, an epoch's follow the step's. */
function standsAt({ step, isEpochEnd }: ResumedPlace, event: StoredEvent): boolean {
  const isOfEpoch = EPOCH_TAG in event.values;
  return event.step < step || (event.step === step && step > 0 && (isEpochEnd || !isOfEpoch));
}

/** A schedule's rate, compiled. */
function rateOf(schedule: Schedule): (update: number) => Promise<number> {
  const rate = compile((update: Tensor) => rateAt(schedule, update), { name: "learning rate" });
  return async (update) => (await rate(hostTensor(update, [], "float32"))).item();
}
