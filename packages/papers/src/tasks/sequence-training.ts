// B sequences, T places

import { initialize } from "@quire/nn";
import { type HostTensor, hostTensor, mul, Random, sum } from "@quire/tensor";
import { crossEntropy } from "@quire/train";
import { type Followed, type FollowOptions, followPlan } from "../follow-plan.ts";
import type { Preset } from "../paper.ts";
import type { TrainingExtras } from "../recipe.ts";
import { evenBatches, planTraining, type TrainingPlan } from "../training-plan.ts";
import type { EncodedSequences, SequenceData } from "./sequence-data.ts";
import type { SequenceLabeller } from "./sequence-system.ts";
import type { SequenceModelDescription, SequenceRecipe } from "./sequence-target.ts";

/** Sequences side by side, with what each of their labels counts. */
export interface SequenceBatch {
  /** int32 `[B, T]` */
  readonly ids: HostTensor<"int32">;
  /** int32 `[B, T]`, or `[B, 1]` */
  readonly labels: HostTensor<"int32">;
  /** `[B, T]`, or `[B, 1]`: shares of 1, which each sequence has evenly and parts among its labels. */
  readonly shares: HostTensor;
}

/** What a labeller of sequences is trained with. */
export interface SequenceTrainingOptions {
  readonly data: Pick<SequenceData, "train" | "validation">;
  readonly recipe: SequenceRecipe;
  readonly extras?: TrainingExtras;
  readonly seed: number;
}

/** What evaluations of labellers measure. */
export const sequenceMetrics = [
  { name: "accuracy", as: "share", better: "higher" },
  { name: "wholeAccuracy", as: "share", better: "higher" },
  { name: "validationLoss", as: "number", better: "lower" },
] as const;

/** Describes the labeller that data ask for. */
export function describeSequenceModel(given: {
  readonly paper: string;
  readonly preset?: string;
  readonly options: object;
  readonly data: Pick<SequenceData, "coding" | "causal">;
}): SequenceModelDescription {
  const { data, ...rest } = given;
  const { tokens, labels, kind, ends, length } = data.coding;
  const target = {
    vocabulary: tokens.length,
    labels: labels.length,
    length,
    kind,
    causal: data.causal,
  };
  return { task: "sequence-labelling", ...rest, target, tokens, labels, ends };
}

/** The name of the preset that a paper takes for so many different tokens: the one made for them, else the first. */
export function sequencePresetFor(
  presets: Readonly<Record<string, Preset>>,
  vocabulary: number,
): string {
  const made = Object.entries(presets).find(([, { defaultFor }]) => {
    return defaultFor !== undefined && vocabulary >= defaultFor[0] && vocabulary <= defaultFor[1];
  });
  return made?.[0] ?? Object.keys(presets)[0] ?? "";
}

/** Sequences that a training sees in all, unless the paper's recipe is shorter; and batches in an epoch at least. */
const SEEN = 3_000_000;
const FEWEST_BATCHES = 20;
const SMALLEST_BATCH = 16;

/** A paper's recipe cut to data: batches that are at least twenty an epoch, and three million sequences in all. */
export function sequenceRecipeFor(recipe: SequenceRecipe, sequences: number): SequenceRecipe {
  const part = 2 ** Math.floor(Math.log2(Math.max(1, sequences / FEWEST_BATCHES)));
  const batchSize = Math.min(recipe.batchSize, Math.max(SMALLEST_BATCH, part));
  const epochs = Math.max(1, Math.min(recipe.epochs, Math.round(SEEN / sequences)));
  return { ...recipe, batchSize, epochs };
}

/** Plans the training of a labeller from the beginning; every sequence counts the same, however long it is. */
export function planSequenceTraining(
  system: SequenceLabeller,
  { data, recipe, extras = {}, seed }: SequenceTrainingOptions,
): TrainingPlan<SequenceBatch> {
  const { model } = system;
  const { train, validation } = data;
  const cut = evenBatches(train.size, recipe.batchSize);
  initialize(model, seed);
  model.prepare?.(recipe.epochs * cut.count);
  return planTraining<SequenceBatch>({
    ...{ model, recipe, extras, seed },
    loss: ({ ids, labels, shares }, mode) => {
      const options = { reduction: "none", ignoreIndex: -1 } as const;
      return sum(mul(crossEntropy(model.forward(ids, mode), labels, options), shares));
    },
    data: {
      batchesPerEpoch: cut.count,
      batches: (epoch, start) => sequenceBatches(train, { size: cut.size, seed, epoch, start }),
    },
    evaluation: {
      metrics: sequenceMetrics,
      evaluate: async () => {
        const { accuracy, wholeAccuracy, loss } = await system.evaluate(validation);
        return { accuracy, wholeAccuracy, validationLoss: loss };
      },
    },
  });
}

/** An epoch of batches, all of one size, in an order of its own that depends on seed and epoch alone. */
export function* sequenceBatches(
  { ids, labels, size }: EncodedSequences,
  given: {
    /** Sequences a batch. */
    readonly size: number;
    readonly seed: number;
    readonly epoch: number;
    /** The first batch to yield. */
    readonly start: number;
  },
): Generator<SequenceBatch> {
  const order = new Random(given.seed).fork("sequences").fork(given.epoch).permutation(size);
  const [length, width] = [ids.length / size, labels.length / size];
  for (let batch = given.start; (batch + 1) * given.size <= size; batch++) {
    const own = {
      ids: new Int32Array(given.size * length),
      labels: new Int32Array(given.size * width),
    };
    const shares = new Float32Array(given.size * width);
    for (let row = 0; row < given.size; row++) {
      const place = order[batch * given.size + row] as number;
      const wanted = labels.subarray(place * width, (place + 1) * width);
      const known = wanted.reduce((count, label) => count + Number(label >= 0), 0);
      own.ids.set(ids.subarray(place * length, (place + 1) * length), row * length);
      own.labels.set(wanted, row * width);
      shares.set(
        Array.from(wanted, (label) => (label >= 0 ? 1 / (known * given.size) : 0)),
        row * width,
      );
    }
    yield {
      ids: hostTensor(own.ids, [given.size, length], "int32"),
      labels: hostTensor(own.labels, [given.size, width], "int32"),
      shares: hostTensor(shares, [given.size, width]),
    };
  }
}

/**
 * Trains a labeller from the beginning.
 *
 * @throws DivergenceError when the loss is no longer a number.
 */
export function trainSequenceLabeller(
  system: SequenceLabeller,
  { signal, onBatch, onEpoch, ...options }: SequenceTrainingOptions & FollowOptions,
): Promise<Followed> {
  return followPlan(planSequenceTraining(system, options), {
    ...(signal && { signal }),
    ...(onBatch && { onBatch }),
    ...(onEpoch && { onEpoch }),
  });
}
