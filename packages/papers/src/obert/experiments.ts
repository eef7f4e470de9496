import { countParameters, inference } from "@quire/nn";
import type { BatchOf } from "@quire/train";
import { type ComparisonContext, compare } from "../comparison.ts";
import type { Row } from "../paper.ts";
import type { System } from "../system.ts";
import type { Contestant, Turn, TurnHooks } from "../turn.ts";
import { type Classifier, type Dense, trainDense } from "./dense-classifiers.ts";
import { publishedDistillation } from "./distillation.ts";
import { pruneGradually } from "./gradual.ts";
import { gradualSchedule } from "./gradual-schedule.ts";
import { PrunableWeights, prunablePaths } from "./prunable-weights.ts";
import { Pruner, type PruningOptions } from "./pruner.ts";
import { smallBatches } from "./small-batches.ts";
import { metricAt, sparsities } from "./sparsities.ts";

/** A way to prune that takes part in a comparison. */
export interface Way {
  readonly name: string;
  readonly figure?: string;
  readonly options: Partial<PruningOptions> & Pick<PruningOptions, "method">;
  /**
   * Whether each sparsity is reached from the one before it, by gradients of its own (section 3.2: recomputation);
   * from the dense model unless said.
   */
  readonly stepwise?: boolean;
}

/// The published 1e-7 is for BERT; 1e-7, 1e-5 and 1e-4 were tried on an image classifier of 700 digits and one seed, and
/// this was the best at 80 % of its test digits.
const DAMPING = 1e-5;

/** How large the steps of an experiment are. */
export interface Measure {
  /** Gradients of the Fisher matrix, and examples of each. */
  readonly gradients: number;
  readonly rows: number;
  /** Weights of a block: a number that groups of four fill. */
  readonly blockSize: number;
  /** Epochs of training after each step of gradual pruning. */
  readonly epochs: number;
  /** The rate that each of these trainings starts from; it falls to a tenth. */
  readonly learningRate: number;
}

type Hooks = ComparisonContext;

/** Trains a classifier once a seed, for all ways to prune it. */
function trainedOnce<B extends BatchOf<B>>(make: (seed: number) => Classifier<B>) {
  const known = new Map<number, Promise<Dense<B>>>();
  return {
    get: (seed: number, hooks: TurnHooks): Promise<Dense<B>> => {
      const training =
        known.get(seed) ??
        trainDense(() => make(seed), {
          ...(hooks.signal && { signal: hooks.signal }),
          onBatch: (share, loss) => hooks.onProgress(share / 2, loss),
        });
      known.set(seed, training);
      return training;
    },
    release: async () => {
      for (const training of known.values()) await (await training).release();
    },
  };
}

/** A pruner of a classifier's weights, by gradients of what it was trained on. */
export function prunerOf<B extends BatchOf<B>>(
  { system, model, plan }: Classifier<B>,
  measure: Measure,
  options: Way["options"],
): Pruner<B> {
  const weights = new PrunableWeights(model, prunablePaths(system), measure.blockSize);
  const source = {
    loss: plan.loss,
    batches: () => smallBatches(plan.batches(0, 0), measure.rows),
  };
  return new Pruner(weights, source, {
    ...{ group: 1, gradients: measure.gradients, damping: DAMPING, update: "together" },
    ...options,
  });
}

/** Prunes to every sparsity without training. */
async function inOneShot<B extends BatchOf<B>>(
  dense: Dense<B>,
  measure: Measure,
  { options, stepwise = false }: Way,
  { signal }: TurnHooks,
): Promise<Record<string, number>> {
  await dense.restore();
  const pruner = prunerOf(dense, measure, options);
  const { weights } = pruner;
  const before = { values: await weights.values(), kept: await weights.kept() };
  const look = stepwise ? undefined : await pruner.look();
  const found: Record<string, number> = {};
  for (const sparsity of sparsities) {
    signal?.throwIfAborted();
    if (look) {
      await weights.set(before.values, before.kept);
      await pruner.apply(look, sparsity);
    } else {
      await pruner.pruneTo(sparsity);
    }
    found[metricAt(sparsity)] = await dense.accuracy();
  }
  await pruner.release();
  return found;
}

/** How a classifier is pruned while it is trained on. */
export interface Gradual<B extends BatchOf<B>> {
  readonly classifier: Classifier<B>;
  /** The dense model that it learns from. */
  readonly teacher: Classifier<B>;
  readonly measure: Measure;
  readonly options: Way["options"];
  /** The shares of the weights that are 0 after each step; a step is followed by training. */
  readonly sparsities: readonly number[];
  readonly onTrained?: (sparsity: number) => Promise<void>;
}

/** Prunes further and further while it trains on. */
export async function trainOn<B extends BatchOf<B>>(
  { classifier, teacher, measure, options, ...given }: Gradual<B>,
  hooks: TurnHooks,
): Promise<void> {
  const { plan, model } = classifier;
  const pruner = prunerOf(classifier, measure, options);
  const cycle = Math.max(1, Math.round(measure.epochs * plan.batchesPerEpoch));
  const steps = given.sparsities.map((sparsity, i) => ({ after: i * cycle, sparsity }));
  const updates = cycle * steps.length;
  const { learningRate } = gradualSchedule({
    ...{ updates, sparsity: 1, first: 0, start: 0, end: 1, every: 1 / steps.length },
    ...{ learningRate: measure.learningRate, lowest: measure.learningRate / 10 },
  });
  const { scores } = plan;
  const { scores: told } = teacher.plan;
  await pruneGradually<B>({
    ...{ model, pruner, loss: plan.loss, recomputations: 1, weightDecay: 0.01, seed: 1 },
    schedule: { updates, steps, learningRate },
    ...(scores &&
      told && {
        distillation: {
          ...{ ...publishedDistillation, student: scores },
          teacher: (batch) => told(batch, inference),
        },
      }),
    ...{ batches: plan.batches, batchesPerEpoch: plan.batchesPerEpoch },
    ...(hooks.signal && { signal: hooks.signal }),
    onUpdate: ({ share, loss }) => hooks.onProgress(0.5 + share / 2, loss),
    ...(given.onTrained && { onTrained: given.onTrained }),
  });
  await pruner.release();
}

/** The accuracy after the training that follows each step of gradual pruning. */
async function gradually<B extends BatchOf<B>>(
  dense: Dense<B>,
  measure: Measure,
  { options }: Way,
  hooks: TurnHooks,
): Promise<Record<string, number>> {
  await dense.restore();
  const found: Record<string, number> = {};
  const onTrained = async (sparsity: number): Promise<void> => {
    found[metricAt(sparsity)] = await dense.accuracy();
  };
  const given = { classifier: dense, teacher: dense.twin, measure, options, sparsities, onTrained };
  await trainOn(given, hooks);
  return found;
}

/** Has every way prune the same trained classifiers, in one shot or gradually. */
export async function comparePruning<B extends BatchOf<B>>(
  given: {
    readonly make: (seed: number) => Classifier<B>;
    readonly ways: readonly Way[];
    readonly measure: Measure;
    readonly gradual: boolean;
  },
  hooks: Hooks,
): Promise<{ readonly rows: readonly Row[]; readonly trained: System }> {
  const trained = trainedOnce(given.make);
  const prune = given.gradual ? gradually : inOneShot;
  const contestants = given.ways.map((way): Contestant<System> => {
    return {
      name: way.name,
      ...(way.figure !== undefined && { figure: way.figure }),
      run: async (seed, turn): Promise<Turn<System>> => {
        const dense = await trained.get(seed, turn);
        const started = performance.now();
        const found = await prune(dense, given.measure, way, turn);
        return {
          parameters: countParameters(dense.model),
          metrics: { [metricAt(0)]: dense.accuracyBefore, ...found },
          seconds: (performance.now() - started) / 1000,
          curve: { seed, points: dense.points },
          kept: dense.system,
        };
      },
    };
  });
  const { rows, kept } = await compare(contestants, hooks, { bySeed: true });
  await trained.release();
  return { rows, trained: kept };
}
