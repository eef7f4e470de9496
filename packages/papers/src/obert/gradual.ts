import type { Mode, Module } from "@quire/nn";
import { add, mul, type Tensor } from "@quire/tensor";
import {
  adamW,
  type Batches,
  type BatchOf,
  exceptNormsAndBiases,
  type Traced,
  Training,
} from "@quire/train";
import { type DistillationOptions, distillationLoss } from "./distillation.ts";
import type { GradualSchedule } from "./gradual-schedule.ts";
import { masked } from "./masked.ts";
import type { Pruned, Pruner } from "./pruner.ts";

/** What is trained and pruned at the same time. */
export interface GradualPruning<B extends BatchOf<B>> {
  readonly model: Module;
  /** The loss of a batch by its labels, a scalar, traced. */
  readonly loss: (batch: Traced<B>, mode: Mode) => Tensor;
  /** Scores of classes of the model and of the dense one that it learns from, where there are scores. */
  readonly distillation?: DistillationOptions & {
    readonly student: (batch: Traced<B>, mode: Mode) => Tensor;
    readonly teacher: (batch: Traced<B>) => Tensor;
  };
  readonly pruner: Pruner<B>;
  readonly schedule: GradualSchedule;
  /** Steps of pruning are cut into so many, each with gradients of its own. */
  readonly recomputations: number;
  readonly batches: (epoch: number, start: number) => Batches<B>;
  readonly batchesPerEpoch: number;
  readonly weightDecay: number;
  readonly seed: number;
  readonly signal?: AbortSignal;
  /** Is told after every update, and of what a step has pruned. */
  /** Is waited for when the training after a step has ended: before the next one, and at the end. */
  readonly onTrained?: (sparsity: number) => Promise<void>;
  readonly onUpdate?: (done: {
    readonly share: number;
    readonly loss: number;
    readonly pruned?: Pruned;
  }) => void;
}

/**
 * Prunes a model step by step while it is trained on: what is pruned stays 0, the rate is rewound with each step, and
 * a dense teacher is listened to (section 3.3 and appendix A.2).
 *
 * @throws DivergenceError when the loss is no longer a number.
 */
export async function pruneGradually<B extends BatchOf<B>>(
  given: GradualPruning<B>,
): Promise<Pruned> {
  const { model, pruner, schedule, batchesPerEpoch, signal, onUpdate, onTrained } = given;
  const adam = adamW(model.parameters(), {
    ...{ learningRate: schedule.learningRate, weightDecay: given.weightDecay },
    decays: exceptNormsAndBiases(model),
  });
  const training = new Training<B>({
    ...{ model, seed: given.seed, optimizer: masked(adam, pruner.weights) },
    loss: lossOf(given),
  });
  const waiting = [...schedule.steps];
  let [last, aim]: [Pruned, number] = [{ sparsity: 0 }, 0];
  const pruneAfter = async (updates: number): Promise<Pruned | undefined> => {
    if (waiting[0] === undefined || waiting[0].after > updates) return undefined;
    if (aim > 0) await onTrained?.(aim);
    aim = (waiting.shift() as (typeof waiting)[number]).sparsity;
    last = await pruner.pruneTo(aim, given.recomputations);
    return last;
  };
  await pruneAfter(0);
  const epochs = Math.ceil(schedule.updates / batchesPerEpoch);
  try {
    for await (const event of training.run({ epochs, batches: given.batches })) {
      if (event.type !== "step") continue;
      signal?.throwIfAborted();
      const pruned = await pruneAfter(event.step);
      const share = event.step / schedule.updates;
      onUpdate?.({ share, loss: event.loss, ...(pruned && { pruned }) });
      if (event.step >= schedule.updates) break;
    }
  } finally {
    await training.release();
  }
  await onTrained?.(aim);
  return last;
}

function lossOf<B extends BatchOf<B>>({ loss, distillation }: GradualPruning<B>) {
  return (batch: Traced<B>, mode: Mode): Tensor => {
    if (!distillation) return loss(batch, mode);
    const { student, teacher, temperature, hardness } = distillation;
    const told = distillationLoss(student(batch, mode), teacher(batch), temperature);
    if (hardness === 1) return told;
    return add(mul(told, hardness), mul(loss(batch, mode), 1 - hardness));
  };
}
