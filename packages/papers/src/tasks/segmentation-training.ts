import { initialize } from "@quire/nn";
import { deeplySupervised, diceCrossEntropy, sgd } from "@quire/train";
import { type Followed, type FollowOptions, followPlan } from "../follow-plan.ts";
import type { TrainingExtras } from "../recipe.ts";
import { planTraining, type TrainingPlan } from "../training-plan.ts";
import type { SegmentationData } from "./segmentation-data.ts";
import { Patches, type SegmentationBatch } from "./segmentation-patches.ts";
import { patchFor } from "./segmentation-plan.ts";
import type {
  SegmentationModelDescription,
  SegmentationRecipe,
  SegmentationTarget,
} from "./segmentation-target.ts";
import type { Segmenter } from "./segmenter.ts";

/** What a segmenter is trained with. */
export interface SegmentationTrainingOptions {
  readonly data: Pick<SegmentationData, "train" | "validation">;
  readonly recipe: SegmentationRecipe;
  readonly extras?: TrainingExtras;
  readonly seed: number;
}

/** What evaluations of segmenters measure. */
export const segmentationMetrics = [
  { name: "dice", as: "share", better: "higher" },
  { name: "iou", as: "share", better: "higher" },
] as const;

/** What data ask of a segmenter; `places` is the most that a patch holds. */
export function segmentationTarget(data: SegmentationData, places: number): SegmentationTarget {
  const { train, axes, spacing, channels, classes } = data;
  const sizes = train.map(({ size }) => size.slice(3 - axes));
  return {
    patch: patchFor({ sizes, spacing, places }),
    ...{ spacing, channels, classes: classes.length },
  };
}

/** Describes the segmenter that data ask for. */
export function describeSegmentationModel(given: {
  readonly paper: string;
  readonly preset?: string;
  readonly options: object;
  readonly target: SegmentationTarget;
  readonly classes: readonly string[];
}): SegmentationModelDescription {
  return { task: "segmentation", ...given };
}

/** Patches that a training on a user's own data sees in all, unless the paper's recipe says less. */
const SEEN = 8000;
const EPOCHS = 20;

/** A paper's recipe cut to data that are learnt at a desk: twenty epochs, and eight thousand patches in all. */
export function segmentationRecipeFor(recipe: SegmentationRecipe, axes: 2 | 3): SegmentationRecipe {
  const batchSize = Math.min(recipe.batchSize, axes === 2 ? 8 : 2);
  const epochs = Math.min(recipe.epochs, EPOCHS);
  const wanted = Math.ceil(SEEN / (axes === 2 ? 1 : 4) / batchSize / epochs);
  return {
    ...recipe,
    batchSize,
    epochs,
    batchesPerEpoch: Math.min(recipe.batchesPerEpoch, wanted),
  };
}

/** How much of the last direction is kept; nnU-Net's. */
const MOMENTUM = 0.99;

/**
 * Plans the training of a segmenter from the beginning: random patches, cross-entropy and Dice's loss at every level,
 * and gradient descent with Nesterov's momentum, whose rate falls as a power (Isensee et al. 2021, methods).
 */
export function planSegmentationTraining(
  segmenter: Segmenter,
  { data, recipe, extras = {}, seed }: SegmentationTrainingOptions,
): TrainingPlan<SegmentationBatch> {
  const { model, description } = segmenter;
  const { target } = description;
  const patches = new Patches(data.train, target.classes);
  const batch = target.patch.length === 2;
  initialize(model, seed);
  return planTraining<SegmentationBatch>({
    ...{ model, recipe, extras, seed },
    ...(extras.optimizer === undefined && {
      optimizer: (learningRate, { weightDecay, clipNorm }) =>
        sgd(model.parameters(), {
          ...{ learningRate, weightDecay, momentum: MOMENTUM, nesterov: true },
          ...(clipNorm !== undefined && { clipNorm }),
        }),
    }),
    loss: ({ images, labels }, mode) =>
      deeplySupervised(model.forward(images, mode), labels, (logits, own) =>
        diceCrossEntropy(logits, own, { batch }),
      ),
    data: {
      batchesPerEpoch: recipe.batchesPerEpoch,
      batches: (epoch, start) => patches.batches({ target, recipe, seed, epoch, start }),
    },
    evaluation: {
      metrics: segmentationMetrics,
      evaluate: async () => {
        const { dice, iou } = await segmenter.evaluate(data.validation);
        return { dice, iou };
      },
    },
  });
}

/**
 * Trains a segmenter from the beginning.
 *
 * @throws DivergenceError when the loss is no longer a number.
 */
export function trainSegmenter(
  segmenter: Segmenter,
  { signal, onBatch, onEpoch, ...options }: SegmentationTrainingOptions & FollowOptions,
): Promise<Followed> {
  return followPlan(planSegmentationTraining(segmenter, options), {
    ...(signal && { signal }),
    ...(onBatch && { onBatch }),
    ...(onEpoch && { onEpoch }),
  });
}
