import { initialize, Module } from "@quire/nn";
import { compile, hostTensor, type Tensor } from "@quire/tensor";
import { meanAbsoluteError, type Optimizer, type Schedule } from "@quire/train";
import { type Followed, type FollowOptions, followPlan } from "../follow-plan.ts";
import type { Preset } from "../paper.ts";
import type { Recipe, TrainingExtras } from "../recipe.ts";
import { type PlannedStage, stagedPlan } from "../staged-plan.ts";
import { evenBatches, planTraining, type TrainingPlan } from "../training-plan.ts";
import { optimizerFor } from "../training-ways.ts";
import {
  type EncodedPictures,
  type PictureBatch,
  pictureBatches,
  picturesAt,
  type TextToImageData,
} from "./text-to-image-data.ts";
import { autoencoderLoss, drawingLoss, priorLoss } from "./text-to-image-losses.ts";
import type { TextToImageSystem } from "./text-to-image-system.ts";
import type {
  PicturePrior,
  TextToImageDescription,
  TextToImageNetwork,
  TextToImageRecipe,
} from "./text-to-image-target.ts";

/** What a system that draws is trained with. */
export interface TextToImageTrainingOptions {
  readonly data: Pick<TextToImageData, "train" | "validation">;
  readonly recipe: TextToImageRecipe;
  readonly extras?: TrainingExtras;
  readonly seed: number;
}

/** What evaluations measure: how well noise is foretold; and in the first stage the pictures that come back. */
export const textToImageMetrics = [
  { name: "validationLoss", as: "number", better: "lower" },
] as const;

/** Describes the system that pictures ask for. */
export function describeTextToImage(given: {
  readonly paper: string;
  readonly preset?: string;
  readonly options: object;
  readonly data: TextToImageData;
}): TextToImageDescription {
  const { data, ...rest } = given;
  const { height, width, channels, captions } = data.train.pictures;
  const { size: vocabulary } = data.tokenizer;
  return {
    ...{ task: "text-to-image", ...rest },
    target: { height, width, channels, vocabulary, length: data.train.length },
    examples: captions.slice(0, EXAMPLES),
  };
}

const EXAMPLES = 12;

/** The name of the preset that a paper takes for pictures of a side: the one made for it, else the first. */
export function textToImagePresetFor(
  presets: Readonly<Record<string, Preset>>,
  side: number,
): string {
  const made = Object.entries(presets).find(([, { defaultFor }]) => {
    return defaultFor !== undefined && side >= defaultFor[0] && side <= defaultFor[1];
  });
  return made?.[0] ?? Object.keys(presets)[0] ?? "";
}

/** Pictures that a training sees in all in its last stage, and in each of those before. */
const SEEN = { drawing: 200_000, before: 40_000 };
const MOST_EPOCHS = 2000;
const SMALLEST_BATCH = 4;

/**
 * A paper's recipe cut to pictures: batches of at most a quarter of them, and 200,000 pictures in all.
 *
 * @param asked The epochs of the last stage, where they are fewer: those before are as much shorter.
 */
export function textToImageRecipeFor(
  recipe: TextToImageRecipe,
  pictures: number,
  asked?: number,
): TextToImageRecipe {
  const part = 2 ** Math.floor(Math.log2(Math.max(1, pictures / 4)));
  const batchSize = Math.min(recipe.batchSize, Math.max(SMALLEST_BATCH, part));
  const cut = (epochs: number, seen: number): number =>
    Math.min(epochs, MOST_EPOCHS, Math.max(1, Math.round(seen / pictures)));
  const whole = cut(recipe.epochs, SEEN.drawing);
  const epochs = Math.min(whole, asked ?? whole);
  const before = (own: number): number => Math.ceil((cut(own, SEEN.before) * epochs) / whole);
  return {
    ...{ ...recipe, batchSize, epochs },
    autoencoderEpochs: before(recipe.autoencoderEpochs),
    priorEpochs: before(recipe.priorEpochs),
  };
}

/**
 * Plans the training of a system that draws, in the stages that it has: its autoencoder; pictures alone, whose weights it
 * then begins with; and pictures with their captions, text encoder and all. One that begins with a run's weights has the
 * last stage alone: at a higher resolution, or on chosen pictures, that is the paper's third.
 */
export function planTextToImageTraining(
  system: TextToImageSystem,
  options: TextToImageTrainingOptions,
): TrainingPlan<PictureBatch> {
  const { recipe, extras = {} } = options;
  const network = system.model;
  initialize(network, options.seed);
  const begins = extras.isKnown === undefined;
  const stages: PlannedStage<PictureBatch>[] = [];
  if (begins && network.autoencoder && recipe.autoencoderEpochs > 0) {
    stages.push({ name: "autoencoder", plan: planAutoencoder(network, options) });
  }
  const prior = begins && recipe.priorEpochs > 0 ? network.prior?.() : undefined;
  const measure = (): Promise<void> => measureLatents(network, options.data.train);
  if (prior) {
    const stage = planPrior(network, prior, options);
    stages.push({ name: "prior", plan: stage, enter: measure });
  }
  const plan = planDrawing(system, options);
  const enter = prior ? () => prior.takeOver() : measure;
  const isFirst = !begins || (stages.length === 0 && !network.autoencoder);
  return stagedPlan([...stages, { name: "captions", plan, ...(!isFirst && { enter }) }]);
}

/** The recipe's decay, or one that forgets the first steps of a short training: it averages a tenth of the steps. */
function averageFor({ average }: TextToImageRecipe, steps: number): number {
  return Math.max(0, Math.min(average, 1 - 10 / steps));
}

/** Steps between two measurements, at least. */
const STEPS_MEASURED = 15;

/** Extras that hold for stages before the last one: what learns there is fixed. */
function earlier({ freeze, lora, patience, average, ...rest }: TrainingExtras): TrainingExtras {
  return rest;
}

/** The optimiser that a user asked for, over those parameters that a stage changes. */
function optimizerOver(model: Module, extras: TrainingExtras, learns: (path: string) => boolean) {
  return (schedule: Schedule, recipe: Recipe): Optimizer =>
    optimizerFor(model, schedule, recipe, extras, { learns });
}

function dataOf({ data, recipe, seed }: TextToImageTrainingOptions, own: number) {
  const cut = evenBatches(data.train.pictures.size, recipe.batchSize);
  return {
    batchesPerEpoch: cut.count,
    batches: (epoch: number, start: number) =>
      pictureBatches(data.train, { size: cut.size, seed: seed + own, epoch, start }),
  };
}

function planAutoencoder(
  network: TextToImageNetwork,
  options: TextToImageTrainingOptions,
): TrainingPlan<PictureBatch> {
  const { recipe, extras = {}, seed, data } = options;
  return planTraining<PictureBatch>({
    ...{ model: network, seed, extras: earlier(extras), data: dataOf(options, 1) },
    recipe: { ...recipe, epochs: recipe.autoencoderEpochs },
    optimizer: optimizerOver(network, extras, (path) => path.startsWith("autoencoder.")),
    loss: (batch, mode) => autoencoderLoss(network, batch, mode),
    evaluation: {
      metrics: [{ name: "pictureLoss", as: "number", better: "lower" }],
      evaluate: async () => ({ pictureLoss: await pictureError(network, data.validation) }),
    },
  });
}

function planPrior(
  network: TextToImageNetwork,
  prior: PicturePrior,
  options: TextToImageTrainingOptions,
): TrainingPlan<PictureBatch> {
  const { recipe, extras = {}, seed } = options;
  const model = new NetworkWithPrior(network, prior.model);
  initialize(prior.model, seed);
  return planTraining<PictureBatch>({
    ...{ model, seed, extras: earlier(extras), data: dataOf(options, 2) },
    recipe: { ...recipe, epochs: recipe.priorEpochs },
    optimizer: optimizerOver(model, extras, (path) => path.startsWith("prior.")),
    loss: (batch, mode) => priorLoss(network, prior, batch, mode),
    evaluation: {
      metrics: [{ name: "trainingLoss", as: "number", better: "lower" }],
      evaluate: () => Promise.resolve({}),
    },
  });
}

function planDrawing(
  system: TextToImageSystem,
  options: TextToImageTrainingOptions,
): TrainingPlan<PictureBatch> {
  const { recipe, extras = {}, seed, data } = options;
  const { model, tokenizer } = system;
  const { batchesPerEpoch } = dataOf(options, 0);
  // Measuring few pictures takes longer than learning from them once.
  const every = Math.ceil(STEPS_MEASURED / batchesPerEpoch);
  const isMeasured = (epoch: number): boolean =>
    (epoch + 1) % every === 0 || epoch + 1 === recipe.epochs;
  return planTraining<PictureBatch>({
    ...{ model, seed, recipe },
    extras: { average: averageFor(recipe, recipe.epochs * batchesPerEpoch), ...extras },
    data: dataOf(options, 0),
    optimizer: optimizerOver(model, extras, (path) => !path.startsWith("autoencoder.")),
    loss: (batch, mode) => drawingLoss(model, batch, tokenizer.padding, mode),
    evaluation: {
      metrics: textToImageMetrics,
      evaluate: async (epoch) =>
        isMeasured(epoch) ? { validationLoss: (await system.evaluate(data.validation)).loss } : {},
    },
  });
}

/** What a checkpoint of the second stage holds. */
class NetworkWithPrior extends Module {
  readonly network: TextToImageNetwork;
  readonly prior: Module;

  constructor(network: TextToImageNetwork, prior: Module) {
    super();
    this.network = network;
    this.prior = prior;
  }

  forward(): never {
    throw new Error("Each part is called on its own.");
  }
}

/** So many pictures tell what an autoencoder does, and what its latents are like. */
const LOOKED_AT = 256;

function somePictures(data: EncodedPictures) {
  const count = Math.min(LOOKED_AT, data.pictures.size);
  const step = data.pictures.size / count;
  return picturesAt(
    data,
    Array.from({ length: count }, (_, i) => Math.floor(i * step)),
  ).images;
}

/** The mean absolute error of pictures that come back from their latents, of values from -1 to 1. */
async function pictureError(
  { autoencoder }: TextToImageNetwork,
  data: EncodedPictures,
): Promise<number> {
  if (!autoencoder) return 0;
  const measure = compile((images: Tensor) =>
    meanAbsoluteError(autoencoder.forward(images), images),
  );
  const error = (await measure(somePictures(data))).item();
  await measure.release();
  return error;
}

/** Gives the network the mean and the deviation of its latents, so that the diffusion runs over ones of deviation 1. */
async function measureLatents(network: TextToImageNetwork, data: EncodedPictures): Promise<void> {
  const { autoencoder, latentMean, latentDeviation } = network;
  if (!autoencoder || !latentMean || !latentDeviation) return;
  const encode = compile((images: Tensor) => autoencoder.encode(images).mean);
  const latents = await encode(somePictures(data));
  await encode.release();
  const [count = 0, channels = 0, ...space] = latents.shape;
  const places = space.reduce((product, side) => product * side, 1);
  const values = latents.data as Float32Array;
  const moments = Array.from({ length: channels }, (_, channel) => {
    let [sum, squares] = [0, 0];
    for (let picture = 0; picture < count; picture++) {
      const first = (picture * channels + channel) * places;
      for (let i = first; i < first + places; i++) {
        sum += values[i] as number;
        squares += (values[i] as number) ** 2;
      }
    }
    const mean = sum / (count * places);
    return { mean, deviation: Math.sqrt(Math.max(1e-8, squares / (count * places) - mean ** 2)) };
  });
  await latentMean.set(
    hostTensor(
      Float32Array.from(moments, ({ mean }) => mean),
      [channels],
    ),
  );
  const deviations = Float32Array.from(moments, ({ deviation }) => deviation);
  await latentDeviation.set(hostTensor(deviations, [channels]));
}

/** How a training went, and what it went by. */
export interface TextToImageTraining extends Followed {
  readonly plan: TrainingPlan<PictureBatch>;
}

/**
 * Trains a system that draws from the beginning; its weights are the last ones, and the plan's average holds their mean.
 *
 * @throws DivergenceError when the loss is no longer a number.
 */
export async function trainTextToImage(
  system: TextToImageSystem,
  { signal, onBatch, onEpoch, ...options }: TextToImageTrainingOptions & FollowOptions,
): Promise<TextToImageTraining> {
  const plan = planTextToImageTraining(system, options);
  const followed = await followPlan(plan, {
    ...(signal && { signal }),
    ...(onBatch && { onBatch }),
    ...(onEpoch && { onEpoch }),
  });
  return { ...followed, plan };
}
