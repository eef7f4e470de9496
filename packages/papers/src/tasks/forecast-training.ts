import { type ForecastBatch, type ForecastWindows, windowBatches } from "@quire/data";
import { initialize } from "@quire/nn";
import { meanSquaredError } from "@quire/train";
import { type Followed, type FollowOptions, followToBest } from "../follow-plan.ts";
import type { Recipe, TrainingExtras } from "../recipe.ts";
import { evenBatches, planTraining, type TrainingPlan } from "../training-plan.ts";
import type { SeriesForecaster } from "./forecast-system.ts";

/** What a forecaster is trained with. */
export interface ForecastTrainingOptions {
  readonly train: ForecastWindows;
  /** Measured after every epoch, at most some thousand windows of it. */
  readonly validation: ForecastWindows;
  readonly recipe: Recipe;
  readonly extras?: TrainingExtras;
  readonly seed: number;
}

/** What evaluations of forecasters measure, of scaled values. */
export const forecastMetrics = [
  { name: "mse", as: "number", better: "lower" },
  { name: "mae", as: "number", better: "lower" },
  { name: "naiveMse", as: "number", better: "lower" },
] as const;

/** Windows that are measured after an epoch at most. */
const MEASURED = 1000;

/** Plans the training of a forecaster from the beginning, by its own loss or the mean of squares of scaled values. */
export function planForecastTraining(
  system: SeriesForecaster,
  { train, validation, recipe, extras = {}, seed }: ForecastTrainingOptions,
): TrainingPlan<ForecastBatch> {
  const { model } = system;
  const cut = evenBatches(train.size, recipe.batchSize);
  const measured = validation.thinned(MEASURED);
  initialize(model, seed);
  return planTraining<ForecastBatch>({
    ...{ model, recipe, extras, seed },
    loss: ({ truth, ...inputs }, mode) =>
      model.loss?.(inputs, truth, mode) ?? meanSquaredError(model.forward(inputs, mode), truth),
    data: {
      batchesPerEpoch: cut.count,
      batches: (epoch, start) => windowBatches(train, { batchSize: cut.size, seed, epoch, start }),
    },
    evaluation: {
      metrics: forecastMetrics,
      evaluate: async () => {
        const { mse, mae, naive } = await system.evaluate(validation, measured);
        return { mse, mae, naiveMse: naive.mse };
      },
    },
  });
}

/**
 * Trains a forecaster from the beginning, and leaves it with the weights of its best epoch.
 *
 * @throws DivergenceError when the loss is no longer a number.
 */
export async function trainForecaster(
  system: SeriesForecaster,
  { signal, onBatch, onEpoch, ...options }: ForecastTrainingOptions & FollowOptions,
): Promise<Followed> {
  return await followToBest(planForecastTraining(system, options), system.model, {
    ...(signal && { signal }),
    ...(onBatch && { onBatch }),
    ...(onEpoch && { onEpoch }),
  });
}
