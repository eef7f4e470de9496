import type { EpochEvent, TrainingEvent } from "./events.ts";
import type { BatchOf } from "./traced.ts";
import { type RunOptions, Training, type TrainingOptions } from "./training.ts";

/** What is trained over which data, and who is told. */
export interface TrainOptions<B> extends TrainingOptions<B>, RunOptions<B> {
  /** Is told of every step and epoch; the training waits for it. */
  readonly onEvent?: (event: TrainingEvent) => void | Promise<void>;
}

/**
 * Trains a model from beginning to end.
 *
 * @returns what each epoch gave.
 * @throws QuireError when the loss is no number any more, or an epoch has no batches.
 */
export async function train<B extends BatchOf<B>>(options: TrainOptions<B>): Promise<EpochEvent[]> {
  const training = new Training(options);
  const epochs: EpochEvent[] = [];
  try {
    for await (const event of training.run(options)) {
      if (event.type === "epoch") epochs.push(event);
      await options.onEvent?.(event);
    }
  } finally {
    await training.release();
  }
  return epochs;
}
