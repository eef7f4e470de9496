import { mul } from "@quire/tensor";
import { EarlyStopping } from "../loop/early-stopping.ts";
import { ema } from "../loop/ema.ts";
import { evaluator } from "../loop/evaluate.ts";
import { type RunOptions, Training } from "../loop/training.ts";
import { Accuracy } from "../metric/classification.ts";
import { adamW } from "../optimizer/adam.ts";
import { cosine, type Schedule } from "../optimizer/schedule.ts";
import { PointClassifier, type Points, pointBatches } from "./points.ts";

/** A training about to begin, and what it runs over. */
export interface PointsTraining {
  readonly model: PointClassifier;
  readonly training: Training<Points>;
  readonly run: RunOptions<Points>;
  readonly schedule: Schedule;
}

const schedule = cosine({ from: 0.03, steps: 60 });

/** A training with all that a resumed one must bring back: dropout, moments, a schedule, an average, patience. */
export function preparedPoints(scale = 1): PointsTraining {
  const model = new PointClassifier();
  const measure = evaluator<Points>(
    ({ x, y }) => ({ logits: model.forward(x), labels: y }),
    () => ({ accuracy: new Accuracy() }),
  );
  const training = new Training<Points>({
    model,
    optimizer: adamW(model.parameters(), { learningRate: schedule }),
    loss: (batch, mode) => mul(model.loss(batch, mode), scale),
    seed: 4,
    average: ema(model, 0.9),
    stop: new EarlyStopping({ metric: "accuracy", better: "higher", patience: 4 }),
  });
  const run: RunOptions<Points> = {
    epochs: 6,
    batches: pointBatches,
    evaluate: () => measure(pointBatches(99, 0)),
  };
  return { model, training, run, schedule };
}
