import { initialize } from "@quire/nn";
import { QuireError, type Tensor } from "@quire/tensor";
import { binaryCrossEntropy, crossEntropy, meanSquaredError } from "@quire/train";
import { type Followed, type FollowOptions, followToBest } from "../follow-plan.ts";
import type { TrainingExtras } from "../recipe.ts";
import { evenBatches, planTraining, type TrainingPlan } from "../training-plan.ts";
import { type TabularBatch, tabularBatches } from "./tabular-batches.ts";
import type { TabularRows } from "./tabular-encoding.ts";
import { tabularMetrics } from "./tabular-metrics.ts";
import type { TabularPredictor } from "./tabular-predictor.ts";
import type { TabularRecipe } from "./tabular-target.ts";

/** What a tabular system is trained with. */
export interface TabularTrainingOptions {
  readonly train: TabularRows;
  /** Measured after every epoch; says when the training ends. */
  readonly validation: TabularRows;
  readonly recipe: TabularRecipe;
  readonly extras?: TrainingExtras;
  readonly seed: number;
}

/**
 * Plans the training of a tabular system from the beginning: squared error of a standardised number or cross-entropy of
 * classes, rows mixed as the recipe says, and an early end.
 *
 * @throws QuireError when embeddings are to be mixed and the system has none.
 */
export function planTabularTraining(
  predictor: TabularPredictor,
  { train, validation, recipe, extras = {}, seed }: TabularTrainingOptions,
): TrainingPlan<TabularBatch> {
  const { model, description } = predictor;
  const { encoding, target } = description;
  const mix = recipe.mix === "none" ? undefined : recipe.mix;
  if (mix?.of === "hidden" && model.width === undefined) {
    throw new QuireError(
      "The system has no embeddings to be mixed: mix features or rows, or nothing.",
    );
  }
  const cut = evenBatches(train.size, recipe.batchSize);
  initialize(model, seed);
  return planTraining<TabularBatch>({
    ...{ model, recipe, seed, extras: { patience: recipe.patience, ...extras } },
    loss: ({ rows, targets, other, keep }, mode) => {
      const mixed = other && keep ? { other, keep } : undefined;
      const outputs = model.forward(rows, mode, mixed);
      return lossOf(encoding.target.predict, outputs, targets);
    },
    data: {
      batchesPerEpoch: cut.count,
      batches: (epoch, start) =>
        tabularBatches(train, {
          ...{ cut, seed, epoch, start },
          ...{ outputs: target.outputs, importance: encoding.importance },
          ...(mix && { mix }),
          ...(model.width !== undefined && { width: model.width }),
        }),
    },
    evaluation: {
      metrics: tabularMetrics(encoding.target),
      evaluate: () => predictor.evaluate(validation),
    },
  });
}

function lossOf(predict: "class" | "number", outputs: Tensor, targets: Tensor): Tensor {
  if (predict === "number") return meanSquaredError(outputs, targets);
  const isBinary = targets.shape[1] === 1;
  return isBinary ? binaryCrossEntropy(outputs, targets) : crossEntropy(outputs, targets);
}

/**
 * Trains a tabular system from the beginning, and leaves it with the weights of its best epoch.
 *
 * @throws DivergenceError when the loss is no longer a number.
 */
export async function trainTabular(
  predictor: TabularPredictor,
  { signal, onBatch, onEpoch, ...options }: TabularTrainingOptions & FollowOptions,
): Promise<Followed> {
  return await followToBest(planTabularTraining(predictor, options), predictor.model, {
    ...(signal && { signal }),
    ...(onBatch && { onBatch }),
    ...(onEpoch && { onEpoch }),
  });
}
