import type { Mode, Module } from "@quire/nn";
import type { Tensor } from "@quire/tensor";
import {
  accumulated,
  type Batches,
  type BatchOf,
  dataParallel,
  EarlyStopping,
  type Ema,
  ema,
  findLearningRate,
  type KeptState,
  type Optimizer,
  type RateCurve,
  type RateFinderOptions,
  type Schedule,
  type Traced,
  type Trainable,
  Training,
  type TrainingOptions,
} from "@quire/train";
import type { ShownMetric } from "./paper.ts";
import type { Recipe, TrainingExtras } from "./recipe.ts";
import { optimizerFor, scheduleFor } from "./training-ways.ts";
import { mergeUpdates, whatLearns } from "./what-learns.ts";

/** A system about to be trained: the training, and what it runs over. */
export interface TrainingPlan<B extends BatchOf<B>> {
  readonly training: Trainable<B>;
  readonly epochs: number;
  readonly batchesPerEpoch: number;
  /** An epoch's batches from the given one on; the same for the same epoch. */
  readonly batches: (epoch: number, start: number) => Batches<B>;
  /** Measures the system after an epoch. */
  readonly evaluate: (epoch: number) => Promise<Readonly<Record<string, number>>>;
  /** What evaluations measure, the one that says which weights are best first. */
  readonly metrics: readonly [ShownMetric, ...ShownMetric[]];
  readonly schedule: Schedule;
  /** The average of the weights, where the user asked for one; evaluations measure it. */
  readonly average?: Ema;
  /** Tries ever higher learning rates, a batch each; the model has its own values again afterwards. */
  readonly findRate: (options?: FindRateOptions) => Promise<RateCurve>;
  /** Makes the trained model what is kept: low-rank updates become part of its weights. */
  readonly complete: () => Promise<void>;
  /** The loss of a batch, a scalar, traced. */
  readonly loss: (batch: Traced<B>, mode: Mode) => Tensor;
  /** Scores of classes of a batch, traced, where the system tells classes apart. `-> [B, K]` */
  readonly scores?: (batch: Traced<B>, mode: Mode) => Tensor;
}

/** Between which learning rates is sought. */
export type FindRateOptions = Pick<RateFinderOptions<never>, "from" | "to" | "steps">;

/** What a plan is made from. */
export interface PlanOptions<B extends BatchOf<B>> {
  readonly model: Module;
  /** The loss of a batch, a scalar, traced. */
  readonly loss: TrainingPlan<B>["loss"];
  readonly recipe: Recipe;
  readonly extras?: TrainingExtras;
  readonly seed: number;
  readonly data: Pick<TrainingPlan<B>, "batches" | "batchesPerEpoch"> & {
    /** What batches come from, where that has a state of its own. */
    readonly kept?: KeptState;
  };
  readonly evaluation: Pick<TrainingPlan<B>, "evaluate" | "metrics" | "scores">;
  /** AdamW without decay of norms and biases unless said. */
  readonly optimizer?: (schedule: Schedule, recipe: Recipe) => Optimizer;
}

/** Plans the training of a system by a recipe: its optimiser and schedule, and the extras a user asked for. */
export function planTraining<B extends BatchOf<B>>(options: PlanOptions<B>): TrainingPlan<B> {
  const { model, loss, recipe, extras = {}, seed, evaluation } = options;
  const { kept, ...data } = options.data;
  const updates = Math.ceil(data.batchesPerEpoch / (extras.accumulate ?? 1));
  const schedule = scheduleFor(recipe, updates, extras);
  whatLearns(model, extras, seed);
  const optimizer = options.optimizer ?? ((rate) => optimizerFor(model, rate, recipe, extras));
  const { patience } = extras;
  const average = extras.average === undefined ? undefined : ema(model, extras.average);
  const [{ name: metric, better }] = evaluation.metrics;
  const training = new Training<B>({
    ...{ model, loss, seed, optimizer: optimizer(schedule, recipe) },
    ...gradientsOf<B>(extras),
    ...(average && { average }),
    ...(patience !== undefined && { stop: new EarlyStopping({ metric, better, patience }) }),
  });
  if (kept) training.keep(kept);
  return {
    ...{ training, epochs: recipe.epochs, schedule, loss, ...data, ...evaluation },
    ...(average && { average }),
    findRate: (bounds = {}) =>
      findLearningRate<B>({
        ...{ model, loss, seed, batches: data.batches, ...bounds },
        optimizer: (_, rate) => optimizer(rate, recipe),
      }),
    complete: () => mergeUpdates(model, extras),
  };
}

/** How gradients are gathered: over batches, over processes, or both. */
function gradientsOf<B extends BatchOf<B>>({
  accumulate,
  group,
}: TrainingExtras): Pick<TrainingOptions<B>, "gradients"> {
  if (accumulate === undefined && group === undefined) return {};
  const plan = accumulated<B>(accumulate ?? 1);
  return { gradients: group ? dataParallel(group, plan) : plan };
}

/** Batches of one size that leave out as few examples as can be, so that one model is compiled. */
export function evenBatches(
  examples: number,
  largest: number,
): { readonly count: number; readonly size: number } {
  const size = Math.max(1, Math.floor(examples / Math.ceil(examples / largest)));
  return { count: Math.floor(examples / size), size };
}
