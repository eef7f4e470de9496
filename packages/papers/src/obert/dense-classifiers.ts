import type { Dataset } from "@quire/data";
import { cities, mnist } from "@quire/data/files";
import type { Module } from "@quire/nn";
import { type BatchOf, loadModel, modelTensors } from "@quire/train";
import { followToBest } from "../follow-plan.ts";
import type { Budget, CurvePoint } from "../paper.ts";
import type { System } from "../system.ts";
import { ImageClassifier } from "../tasks/image-classifier.ts";
import { describeImageModel } from "../tasks/image-comparison.ts";
import type { ImageRecipe } from "../tasks/image-target.ts";
import { planImageTraining } from "../tasks/image-training.ts";
import type { LinkageRecipe, LinkageTarget } from "../tasks/linkage-target.ts";
import { classAccuracy, planLinkageTraining } from "../tasks/linkage-training.ts";
import { Linker } from "../tasks/linker.ts";
import { type RecordTokenizer, trainRecordTokenizer } from "../tasks/record-tokenizer.ts";
import type { TrainingPlan } from "../training-plan.ts";
import { type CompactOptions, CompactTransformer } from "./compact-transformer.ts";
import { build, type TextClassifierOptions } from "./model.ts";
import { paper } from "./paper.ts";
import { type PlaceNames, placeNames } from "./place-names.ts";

/** A classifier, what it learns from, and how it is measured. */
export interface Classifier<B extends BatchOf<B>> {
  readonly system: System;
  readonly model: Module;
  readonly plan: TrainingPlan<B>;
  /** The share of the test's examples whose class it tells. */
  accuracy(): Promise<number>;
}

/** A classifier that was trained, and another one with the same weights, which stays as it is. */
export interface Dense<B extends BatchOf<B>> extends Classifier<B> {
  readonly twin: Classifier<B>;
  readonly accuracyBefore: number;
  readonly points: readonly CurvePoint[];
  readonly seconds: number;
  /** Gives the model its weights of before pruning again. */
  restore(): Promise<void>;
  release(): Promise<void>;
}

/** Trains a classifier from the beginning, and keeps the weights of its best epoch. */
export async function trainDense<B extends BatchOf<B>>(
  make: () => Classifier<B>,
  { signal, onBatch }: { signal?: AbortSignal; onBatch?: (share: number, loss: number) => void },
): Promise<Dense<B>> {
  const [own, twin] = [make(), make()];
  const { points, seconds } = await followToBest(own.plan, own.model, {
    ...(signal && { signal }),
    ...(onBatch && { onBatch: ({ share, loss }) => onBatch(share, loss) }),
  });
  signal?.throwIfAborted();
  const weights = new Map(await modelTensors(own.model));
  await loadModel(twin.model, weights);
  return {
    ...{ ...own, twin, points, seconds, accuracyBefore: await own.accuracy() },
    restore: () => loadModel(own.model, weights),
    release: async () => {
      await Promise.all([own.system.release(), twin.system.release()]);
    },
  };
}

/** Texts, with the tokenizer that was trained on some of them. */
export interface TextData {
  readonly names: PlaceNames;
  readonly tokenizer: RecordTokenizer;
}

const texts = {
  full: { train: 10_000, validation: 500, test: 3000, epochs: 6 },
  quick: { train: 300, validation: 60, test: 120, epochs: 1 },
} as const;

/** Tokens of a name that are read. */
const LENGTH = 16;
/** Tokens: bytes, and the most frequent pairs of them. */
const VOCABULARY = 320;

/** Names of places, GeoNames' data. */
export async function loadTexts(budget: Budget): Promise<TextData> {
  const names = placeNames(await cities(), texts[budget]);
  return { names, tokenizer: trainRecordTokenizer(names.train.records, VOCABULARY) };
}

export const textSize: TextClassifierOptions = {
  ...{ layout: "plain", width: 64, depth: 2, heads: 4, ratio: 4, dropout: 0.1 },
};

const textRecipe: LinkageRecipe = {
  ...{ epochs: 6, batchSize: 64, learningRate: 2e-3, warmUp: 0.3, weightDecay: 0.05 },
  ...{ loss: "supcon", temperature: 1, margin: 1, perGroup: 1, hardNegatives: 0 },
};

/** A text classifier that has learnt nothing yet. */
export function textClassifier(
  { names: { train, validation, test }, tokenizer }: TextData,
  budget: Budget,
  seed: number,
  options: TextClassifierOptions = textSize,
) {
  const classes = train.classes ?? [];
  const target: LinkageTarget = {
    ...{ vocabulary: tokenizer.size, length: LENGTH, padding: tokenizer.padding },
    classes: classes.length,
  };
  const model = build(options, target);
  const linker = new Linker(model, tokenizer, {
    ...{ task: "linkage", paper: paper.id, options, target, fields: train.fields, classes },
  });
  const recipe = { ...textRecipe, epochs: texts[budget].epochs };
  const plan = planLinkageTraining(linker, { train, validation, recipe, seed });
  return { system: linker, model, plan, accuracy: () => classAccuracy(linker, test) };
}

/** Pictures of digits. */
export interface ImageData {
  readonly train: Dataset;
  readonly validation: Dataset;
  readonly test: Dataset;
}

const pictures = {
  full: { train: 1000, validation: 200, test: 2000, epochs: 12 },
  quick: { train: 200, validation: 100, test: 300, epochs: 1 },
} as const;

/** Digits of MNIST. */
export async function loadPictures(budget: Budget): Promise<ImageData> {
  const { train, test } = await mnist();
  const count = pictures[budget];
  const places = Array.from({ length: count.validation }, (_, i) => count.train + i);
  return {
    train: train.take(count.train),
    validation: train.subset(places),
    test: test.split({ fraction: count.test / test.size, seed: 0 }).test,
  };
}

const imageSize: CompactOptions = { width: 48, depth: 2, heads: 2, ratio: 2 };

const imageRecipe: ImageRecipe = {
  ...{ epochs: 12, batchSize: 50, learningRate: 4e-3, warmUp: 1, weightDecay: 0.06 },
  ...{ labelSmoothing: 0, augment: { crop: 2 } },
};

/** A compact convolutional transformer that has learnt nothing yet. */
export function imageClassifier(
  { train, validation, test }: ImageData,
  budget: Budget,
  seed: number,
) {
  const description = describeImageModel({ paper: paper.id, options: imageSize, train });
  const model = new CompactTransformer(imageSize, description.target);
  const system = new ImageClassifier(model, description);
  const recipe = { ...imageRecipe, epochs: pictures[budget].epochs };
  const plan = planImageTraining(system, { train, validation, recipe, seed });
  return { system, model, plan, accuracy: async () => (await system.evaluate(test)).accuracy };
}
