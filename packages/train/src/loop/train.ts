import type { EpochEvent, TrainingEvent } from "./events.ts";
import type { BatchOf } from "./traced.ts";
import { type RunOptions, Training, type TrainingOptions } from "./training.ts";

/** What a training runs over, and who is told. */
export interface TrainOptions<B> extends RunOptions<B> {
  /** Is told of every step and epoch; the training waits for it. */
  readonly onEvent?: (event: TrainingEvent) => void | Promise<void>;
}

/**
 * Trains a model from beginning to end.
 *
 * @returns what each epoch gave.
 * @throws DivergenceError when the loss is no number any more; QuireError when an epoch has no batches.
 */
export async function train<B extends BatchOf<B>>(
  options: TrainingOptions<B>,
  run: TrainOptions<B>,
): Promise<EpochEvent[]> {
  const training = new Training(options);
  const epochs: EpochEvent[] = [];
  try {
    for await (const event of training.run(run)) {
      if (event.type === "epoch") epochs.push(event);
      await run.onEvent?.(event);
    }
  } finally {
    await training.release();
  }
  return epochs;
}
