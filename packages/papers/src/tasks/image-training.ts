import { type Batch, batches, type Dataset } from "@quire/data";
import { initialize } from "@quire/nn";
import { adamW, cosine, crossEntropy, type Schedule, Training, warmUp } from "@quire/train";
import type { CurvePoint } from "../paper.ts";
import { augmentationOf } from "./image-augmentation.ts";
import type { ImageClassifier, ImageEvaluation } from "./image-classifier.ts";
import type { ImageRecipe } from "./image-target.ts";

/** What an image classifier is trained with. */
export interface ImageTrainingOptions {
  readonly train: Dataset;
  /** Measured after every epoch. */
  readonly validation: Dataset;
  readonly recipe: ImageRecipe;
  readonly seed: number;
  /** Stops the training after the present batch; what was learnt so far is kept. */
  readonly signal?: AbortSignal;
  readonly onBatch?: (progress: BatchProgress) => void;
  readonly onEpoch?: (point: CurvePoint) => Promise<void> | void;
}

/** How far a training run is, after a batch. */
export interface BatchProgress {
  /** Counts from 1. */
  readonly epoch: number;
  readonly epochs: number;
  /** Batches done in this epoch. */
  readonly batch: number;
  readonly batches: number;
  /** Images of the batch. */
  readonly images: number;
  /** The mean over this epoch's batches so far. */
  readonly loss: number;
}

/** What a training run gave. */
export interface ImageTraining {
  readonly points: readonly CurvePoint[];
  readonly evaluation: ImageEvaluation;
  readonly seconds: number;
  /** Whether the signal ended it early. */
  readonly stopped: boolean;
}

/**
 * Trains an image classifier from the beginning: AdamW, whose learning rate rises and then falls as a cosine,
 * label smoothing and the recipe's augmentation. Vectors (biases, scales of norms) do not decay.
 *
 * @throws QuireError when the loss is no longer a number.
 */
export async function trainImageClassifier(
  classifier: ImageClassifier,
  options: ImageTrainingOptions,
): Promise<ImageTraining> {
  const { train, validation, recipe, seed, signal } = options;
  const cut = evenBatches(train.size, recipe.batchSize);
  initialize(classifier.model, seed);
  const training = trainingOf(classifier, recipe, cut.count, seed);
  const started = performance.now();
  const points: CurvePoint[] = [];
  let evaluation: ImageEvaluation | undefined;
  let [lossSum, evaluating] = [0, 0];
  const evaluate = async (): Promise<ImageEvaluation> => {
    const began = performance.now();
    const found = await classifier.evaluate(validation);
    evaluating += performance.now() - began;
    return found;
  };
  const source = (epoch: number, start: number): Iterable<Batch> =>
    batchesOf(classifier, options, { epoch, start, batchSize: cut.size });
  for await (const event of training.run({ epochs: recipe.epochs, batches: source })) {
    const epoch = event.epoch + 1;
    if (event.type === "epoch") {
      evaluation = await evaluate();
      const point = curvePoint(epoch, event.loss, evaluation);
      points.push(point);
      lossSum = 0;
      await options.onEpoch?.(point);
    } else {
      lossSum += event.loss;
      const place = { epoch, epochs: recipe.epochs, batch: event.batch, batches: cut.count };
      options.onBatch?.({ ...place, images: cut.size, loss: lossSum / event.batch });
    }
    if (signal?.aborted) break;
  }
  await training.release();
  // What was learnt since the last whole epoch has not been measured yet.
  if (evaluation === undefined || signal?.aborted) evaluation = await evaluate();
  const seconds = (performance.now() - started - evaluating) / 1000;
  return { points, evaluation, seconds, stopped: signal?.aborted ?? false };
}

/** Batches of one size that leave out as few images as can be, so that one model is compiled. */
function evenBatches(images: number, largest: number): { count: number; size: number } {
  const size = Math.floor(images / Math.ceil(images / largest));
  return { count: Math.floor(images / size), size };
}

function trainingOf(
  { model }: ImageClassifier,
  recipe: ImageRecipe,
  batchCount: number,
  seed: number,
): Training<Batch> {
  const { learningRate, weightDecay, clipNorm, labelSmoothing } = recipe;
  const matrices = new Set(
    model.namedParameters().flatMap(([path, { shape }]) => (shape.length > 1 ? [path] : [])),
  );
  const optimizer = adamW(model.parameters(), {
    learningRate: scheduleOf(learningRate, recipe, batchCount),
    weightDecay,
    decays: (name) => matrices.has(name),
    ...(clipNorm === undefined ? {} : { clipNorm }),
  });
  return new Training<Batch>({
    model,
    optimizer,
    loss: ({ images, labels }, mode) =>
      crossEntropy(model.forward(images, mode), labels, { labelSmoothing }),
    seed,
  });
}

/** Warm-up takes at most a fifth of a training that is shorter than the paper's. */
function scheduleOf(
  rate: number,
  { epochs, warmUp: rising }: ImageRecipe,
  batchCount: number,
): Schedule {
  const first = Math.round(Math.min(rising, epochs / 5) * batchCount);
  const steps = Math.max(1, epochs * batchCount - first);
  const falling = cosine({ from: rate, steps });
  return first === 0 ? falling : warmUp(first, falling);
}

function batchesOf(
  { description }: ImageClassifier,
  { train, recipe, seed }: ImageTrainingOptions,
  place: { readonly epoch: number; readonly start: number; readonly batchSize: number },
): Iterable<Batch> {
  const augment = augmentationOf(recipe.augment);
  return batches(train, {
    ...place,
    seed,
    dropLast: true,
    reuse: true,
    normalize: description.normalization,
    ...(augment && { augment }),
  });
}

function curvePoint(
  epoch: number,
  loss: number,
  { loss: validationLoss, accuracy }: ImageEvaluation,
): CurvePoint {
  return { epoch, values: { trainingLoss: loss, validationLoss, accuracy } };
}
