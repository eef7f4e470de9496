// B icons

import { initialize } from "@quire/nn";
import { type Followed, type FollowOptions, followPlan } from "../follow-plan.ts";
import type { Preset } from "../paper.ts";
import type { TrainingExtras } from "../recipe.ts";
import { evenBatches, planTraining, type TrainingPlan } from "../training-plan.ts";
import { type IconBatch, type IconVariety, iconBatches } from "./icon-batches.ts";
import type { IconLearningData } from "./icon-data.ts";
import type { IconDrawer } from "./icon-system.ts";
import type { IconModelDescription, IconRecipe } from "./icon-target.ts";

/** What a drawer of icons is trained with. */
export interface IconTrainingOptions {
  readonly data: IconLearningData;
  readonly recipe: IconRecipe;
  readonly extras?: TrainingExtras;
  readonly seed: number;
  /** How icons differ each time that they are seen; half are cut, and all moved a little, unless said. */
  readonly variety?: Partial<IconVariety>;
}

/** What evaluations of drawers measure. */
export const iconMetrics = [
  { name: "validationLoss", as: "number", better: "lower" },
  { name: "iconLoss", as: "number", better: "lower" },
] as const;

/** Describes the drawer that data ask for. */
export function describeIconModel(given: {
  readonly paper: string;
  readonly preset?: string;
  readonly options: object;
  readonly data: IconLearningData;
}): IconModelDescription {
  const { data, ...rest } = given;
  const { words, captionLength, grid, scheme, length, stroke } = data;
  return {
    task: "icon",
    ...rest,
    target: { words: words.length, captionLength, grid, scheme, length },
    words,
    ...(stroke === undefined ? {} : { stroke }),
  };
}

/** The name of the preset that a paper takes for so many icons: the one made for them, else the first. */
export function iconPresetFor(presets: Readonly<Record<string, Preset>>, icons: number): string {
  const made = Object.entries(presets).find(([, { defaultFor }]) => {
    return defaultFor !== undefined && icons >= defaultFor[0] && icons <= defaultFor[1];
  });
  return made?.[0] ?? Object.keys(presets)[0] ?? "";
}

/** Icons that a training on a user's own sees in all, unless the paper's recipe is shorter; the fewest batches an epoch. */
const SEEN = 100_000;
const FEWEST_BATCHES = 8;
const SMALLEST_BATCH = 4;

/** A paper's recipe cut to data: batches that are at least eight an epoch, and a hundred thousand icons in all. */
export function iconRecipeFor(recipe: IconRecipe, icons: number): IconRecipe {
  const part = 2 ** Math.floor(Math.log2(Math.max(1, icons / FEWEST_BATCHES)));
  const batchSize = Math.min(recipe.batchSize, Math.max(SMALLEST_BATCH, part));
  const epochs = Math.max(1, Math.min(recipe.epochs, Math.round(SEEN / icons)));
  return { ...recipe, batchSize, epochs };
}

/// dataset.py cuts half of the icons, and moves each by at most 3 of 200 steps.
const CUT = 0.5;
const SHIFT = 3 / 200;

/** Plans the training of a drawer from the beginning. */
export function planIconTraining(
  system: IconDrawer,
  { data, recipe, extras = {}, seed, variety = {} }: IconTrainingOptions,
): TrainingPlan<IconBatch> {
  const { model } = system;
  const cut = evenBatches(data.train.length, recipe.batchSize);
  const given = { cut: CUT, shift: Math.round(SHIFT * data.grid), ...variety };
  initialize(model, seed);
  return planTraining<IconBatch>({
    ...{ model, recipe, extras, seed },
    loss: (batch, mode) => model.loss(batch, mode),
    data: {
      batchesPerEpoch: cut.count,
      batches: (epoch, start) =>
        iconBatches(data.train, data, { ...given, size: cut.size, seed, epoch, start }),
    },
    evaluation: {
      metrics: iconMetrics,
      evaluate: async () => {
        const { tokenLoss, iconLoss } = await system.evaluate(data.validation);
        return { validationLoss: tokenLoss, iconLoss };
      },
    },
  });
}

/**
 * Trains a drawer from the beginning.
 *
 * @throws DivergenceError when the loss is no longer a number.
 */
export function trainIconDrawer(
  system: IconDrawer,
  { signal, onBatch, onEpoch, ...options }: IconTrainingOptions & FollowOptions,
): Promise<Followed> {
  return followPlan(planIconTraining(system, options), {
    ...(signal && { signal }),
    ...(onBatch && { onBatch }),
    ...(onEpoch && { onEpoch }),
  });
}
