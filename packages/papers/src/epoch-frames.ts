import type { BatchOf, EpochEvent } from "@quire/train";
import type { Frame } from "./demonstration.ts";
import type { TrainingPlan } from "./training-plan.ts";

/** Something that holds memory of the device. */
interface Held {
  release(): Promise<void>;
}

/** How a training is shown. */
export interface EpochFrames {
  /** Ends the training after the present batch. */
  readonly signal: AbortSignal;
  /** What is to be seen after an epoch. */
  readonly show: (event: EpochEvent) => Promise<Pick<Frame, "values" | "figures">>;
  /** What is given back with the training, at the end. */
  readonly held: readonly (Held | undefined)[];
}

/** Trains by a plan, a frame an epoch, and gives back the memory however it ends. */
export async function* epochFrames<B extends BatchOf<B>>(
  plan: Pick<TrainingPlan<B>, "training" | "epochs" | "batches" | "evaluate">,
  { signal, show, held }: EpochFrames,
): AsyncGenerator<Frame, void, undefined> {
  const { training, epochs, batches, evaluate } = plan;
  try {
    for await (const event of training.run({ epochs, batches, evaluate })) {
      if (signal.aborted) break;
      if (event.type !== "epoch") continue;
      yield { step: event.epoch + 1, steps: epochs, ...(await show(event)) };
    }
  } finally {
    await Promise.all([training, ...held].map((one) => one?.release()));
  }
}
