import { type Batch, batches, type ChannelStatistics, type Dataset } from "@quire/data";
import { initialize, type Layer } from "@quire/nn";
import { type Compiled, compile, QuireError, RandomStream, type Tensor } from "@quire/tensor";
import { adamW, cosine, crossEntropy, type Schedule, warmUp } from "@quire/train";
import type { CurvePoint } from "../paper.ts";
import { augmentationOf } from "./image-augmentation.ts";
import { type ImageClassifier, type ImageEvaluation, likeliest } from "./image-classifier.ts";
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
  /** Means over this epoch's batches so far. */
  readonly loss: number;
  readonly accuracy: number;
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
  const step = trainingStep(classifier.model, recipe, cut.count, seed);
  const points: CurvePoint[] = [];
  const started = performance.now();
  let evaluating = 0;
  const evaluate = async (): Promise<ImageEvaluation> => {
    const began = performance.now();
    const evaluation = await classifier.evaluate(validation);
    evaluating += performance.now() - began;
    return evaluation;
  };
  let evaluation: ImageEvaluation | undefined;
  for (let epoch = 0; epoch < recipe.epochs && !signal?.aborted; epoch++) {
    const { normalization } = classifier.description;
    const means = await runEpoch(step, epoch, { ...options, normalization, batchSize: cut.size });
    evaluation = await evaluate();
    const point = curvePoint(epoch + 1, means, evaluation);
    points.push(point);
    await options.onEpoch?.(point);
  }
  evaluation ??= await evaluate();
  const seconds = (performance.now() - started - evaluating) / 1000;
  await step.release();
  return { points, evaluation, seconds, stopped: signal?.aborted ?? false };
}

type Step = Compiled<[Tensor, Tensor], { loss: Tensor; logits: Tensor }>;

/** Batches of one size that leave out as few images as can be, so that one model is compiled. */
function evenBatches(images: number, largest: number): { count: number; size: number } {
  const size = Math.floor(images / Math.ceil(images / largest));
  return { count: Math.floor(images / size), size };
}

function trainingStep(model: Layer, recipe: ImageRecipe, batchCount: number, seed: number): Step {
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
  const random = new RandomStream(seed >>> 0);
  const step = (images: Tensor, labels: Tensor): { loss: Tensor; logits: Tensor } => {
    const logits = model.forward(images, { training: true, random });
    const loss = crossEntropy(logits, labels, { labelSmoothing });
    optimizer.minimize(loss);
    return { loss, logits };
  };
  return compile(step, { name: "training step" });
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

interface EpochOptions extends ImageTrainingOptions {
  readonly normalization: ChannelStatistics;
  readonly batchSize: number;
}

interface Means {
  readonly loss: number;
  readonly accuracy: number;
}

async function runEpoch(step: Step, epoch: number, options: EpochOptions): Promise<Means> {
  const { train, recipe, seed, signal, onBatch, normalization, batchSize } = options;
  const augment = augmentationOf(recipe.augment);
  const count = Math.floor(train.size / batchSize);
  let [loss, right, batch] = [0, 0, 0];
  const cut = { batchSize, seed, epoch, dropLast: true, normalize: normalization, reuse: true };
  for (const { images, labels } of batches(train, { ...cut, ...(augment && { augment }) })) {
    if (signal?.aborted) break;
    const result = await step(images, labels);
    batch++;
    loss += finite(result.loss.item(), epoch + 1, batch, recipe.learningRate);
    right += countRight(result.logits.data as Float32Array, labels);
    const means = { loss: loss / batch, accuracy: right / (batch * batchSize) };
    const place = { epoch: epoch + 1, epochs: recipe.epochs, batch, batches: count };
    onBatch?.({ ...place, images: batchSize, ...means });
  }
  return { loss: loss / Math.max(1, batch), accuracy: right / Math.max(1, batch * batchSize) };
}

function finite(loss: number, epoch: number, batch: number, rate: number): number {
  if (Number.isFinite(loss)) return loss;
  throw new QuireError(
    `The loss became ${loss} in epoch ${epoch}, batch ${batch}: the learning rate ${rate} is too high; ` +
      "take a tenth of it.",
  );
}

function countRight(logits: Float32Array, labels: Batch["labels"]): number {
  const [count = 0, shares] = labels.shape;
  const classes = logits.length / count;
  let right = 0;
  for (let row = 0; row < count; row++) {
    const guess = likeliest(logits.subarray(row * classes, (row + 1) * classes));
    const label =
      shares === undefined
        ? labels.data[row]
        : likeliest(labels.data.subarray(row * classes, (row + 1) * classes));
    if (guess === label) right++;
  }
  return right;
}

function curvePoint(epoch: number, { loss, accuracy }: Means, found: ImageEvaluation): CurvePoint {
  const values = {
    trainLoss: loss,
    trainAccuracy: accuracy,
    validationLoss: found.loss,
    validationAccuracy: found.accuracy,
  };
  return { epoch, values };
}
