import { type Batch, batches, type Dataset } from "@quire/data";
import { initialize } from "@quire/nn";
import { crossEntropy } from "@quire/train";
import { type Followed, type FollowOptions, followPlan } from "../follow-plan.ts";
import type { TrainingExtras } from "../recipe.ts";
import { evenBatches, planTraining, type TrainingPlan } from "../training-plan.ts";
import { augmentationOf } from "./image-augmentation.ts";
import type { ImageClassifier, ImageEvaluation } from "./image-classifier.ts";
import type { ImageRecipe } from "./image-target.ts";

/** What an image classifier is trained with. */
export interface ImageTrainingOptions {
  readonly train: Dataset;
  /** Measured after every epoch. */
  readonly validation: Dataset;
  readonly recipe: ImageRecipe;
  readonly extras?: TrainingExtras;
  readonly seed: number;
}

/** What a training gave. */
export interface ImageTraining extends Followed {
  readonly evaluation: ImageEvaluation;
}

/** What evaluations of image classifiers measure. */
export const imageMetrics = [
  { name: "accuracy", as: "share", better: "higher" },
  { name: "validationLoss", as: "number", better: "lower" },
] as const;

/**
 * Plans the training of an image classifier from the beginning: AdamW, whose learning rate rises and then falls as
 * a cosine, label smoothing and the recipe's augmentation. Norms and biases do not decay.
 */
export function planImageTraining(
  classifier: ImageClassifier,
  options: ImageTrainingOptions,
): TrainingPlan<Batch> {
  const { train, validation, recipe, extras = {}, seed } = options;
  const { model, description } = classifier;
  const cut = evenBatches(train.size, recipe.batchSize);
  const augment = augmentationOf(recipe.augment);
  const { labelSmoothing } = recipe;
  const classWeights = recipe.classWeights === "balanced" ? balancedWeights(train) : undefined;
  initialize(model, seed);
  return planTraining<Batch>({
    ...{ model, recipe, extras, seed },
    loss: ({ images, labels }, mode) =>
      crossEntropy(model.forward(images, mode), labels, {
        labelSmoothing,
        ...(classWeights && { classWeights }),
      }),
    data: {
      batchesPerEpoch: cut.count,
      batches: (epoch, start) =>
        batches(train, {
          ...{ epoch, start, seed, batchSize: cut.size, dropLast: true, reuse: true },
          normalize: description.normalization,
          ...(augment && { augment }),
        }),
    },
    evaluation: {
      metrics: imageMetrics,
      scores: ({ images }, mode) => model.forward(images, mode),
      evaluate: async () => {
        const { accuracy, loss } = await classifier.evaluate(validation);
        return { accuracy, validationLoss: loss };
      },
    },
  });
}

/** Weights by which every class counts as much in all, 1 on average over the images. */
function balancedWeights({ labels, classes, size }: Dataset): number[] {
  const counts = classes.map(() => 0);
  for (const label of labels) counts[label] = (counts[label] as number) + 1;
  return counts.map((count) => size / (classes.length * Math.max(1, count)));
}

/**
 * Trains an image classifier from the beginning, and measures it.
 *
 * @throws DivergenceError when the loss is no longer a number.
 */
export async function trainImageClassifier(
  classifier: ImageClassifier,
  { signal, onBatch, onEpoch, ...options }: ImageTrainingOptions & FollowOptions,
): Promise<ImageTraining> {
  const followed = await followPlan(planImageTraining(classifier, options), {
    ...(signal && { signal }),
    ...(onBatch && { onBatch }),
    ...(onEpoch && { onEpoch }),
  });
  return { ...followed, evaluation: await classifier.evaluate(options.validation) };
}
