import { inference } from "@quire/nn";
import { publishedDistillation } from "@quire/papers/obert/distillation";
import { pruneGradually } from "@quire/papers/obert/gradual";
import { gradualSchedule, publishedTimes } from "@quire/papers/obert/gradual-schedule";
import type { PrunableWeights } from "@quire/papers/obert/prunable-weights";
import { type Pruned, Pruner, type PruningOptions } from "@quire/papers/obert/pruner";
import { smallBatches } from "@quire/papers/obert/small-batches";
import type { BatchOf } from "@quire/train";
import type { Console } from "../console.ts";
import type { Learner, Learning } from "./learner.ts";

/** What is to be done with a model. */
export interface PruningJob {
  readonly weights: PrunableWeights;
  readonly options: PruningOptions;
  readonly sparsity: number;
  /** Examples of a gradient. */
  readonly rows: number;
  readonly recomputations: number;
  /** How it is trained on, where it is. */
  readonly gradual?: { readonly epochs: number; readonly learningRate: number };
  readonly seed: number;
  readonly signal?: AbortSignal;
}

/** Prunes a model by the slopes of its loss, at once or while it is trained on. */
export function pruneLearner(learner: Learner, job: PruningJob, console: Console): Promise<Pruned> {
  return learner.withData((own, teacher) => prune(learner, own, teacher, job, console));
}

async function prune<B extends BatchOf<B>>(
  { system, recipe, fixedRows }: Learner,
  own: Learning<B>,
  teacher: Learning<B>,
  job: PruningJob,
  console: Console,
): Promise<Pruned> {
  const { weights, options, sparsity, recomputations, gradual, seed, signal } = job;
  const progress = console.progress(gradual ? "training and pruning" : "pruning");
  let place = { share: 0, text: "" };
  const rows = fixedRows ?? job.rows;
  const source = { loss: own.loss, batches: () => smallBatches(own.batches(0, 0), rows) };
  let steps = 0;
  const pruner = new Pruner(weights, source, options, (done, all) => {
    signal?.throwIfAborted();
    steps += Number(done === all);
    const share = (steps + (done % all) / all) / recomputations;
    progress.update(gradual ? place.share : Math.min(1, share), `gradient ${done} of ${all}`);
  });
  try {
    if (!gradual) return await pruner.pruneTo(sparsity, recomputations);
    const updates = Math.max(1, Math.round(gradual.epochs * own.batchesPerEpoch));
    const { scores } = own;
    const { scores: told } = teacher;
    return await pruneGradually<B>({
      ...{ model: system.model, pruner, recomputations, seed, weightDecay: recipe.weightDecay },
      schedule: gradualSchedule({
        ...{ ...publishedTimes, updates, sparsity },
        ...{ learningRate: gradual.learningRate, lowest: gradual.learningRate / 10 },
      }),
      ...{ loss: own.loss, batches: own.batches, batchesPerEpoch: own.batchesPerEpoch },
      ...(scores &&
        told && {
          distillation: {
            ...{ ...publishedDistillation, student: scores },
            teacher: (batch) => told(batch, inference),
          },
        }),
      ...(signal && { signal }),
      onUpdate: ({ share, loss, pruned }) => {
        place = { share, text: `loss ${loss.toFixed(3)}` };
        progress.update(share, place.text);
        if (pruned)
          console.note(
            `${(100 * pruned.sparsity).toFixed(1)} % pruned after ${(100 * share).toFixed(0)} % of the training.`,
          );
      },
    });
  } finally {
    progress.finish();
    await pruner.release();
  }
}
