import { full, less, maximum, sub, type Tensor, where } from "@quire/tensor";
import { type BatchOf, type Schedule, StagedTraining } from "@quire/train";
import type { TrainingPlan } from "./training-plan.ts";

/** A plan that is one of several. */
export interface PlannedStage<B extends BatchOf<B>> {
  readonly name: string;
  readonly plan: TrainingPlan<B>;
  /** Brings over what the stages before have learned. */
  readonly enter?: () => Promise<void>;
}

/**
 * Plans in a row as one. What is said of the whole, its metrics, its average and what completes it, is the last one's;
 * before that, evaluations show what each stage measures.
 */
export function stagedPlan<B extends BatchOf<B>>(
  stages: readonly [...PlannedStage<B>[], PlannedStage<B>],
): TrainingPlan<B> {
  const last = stages.at(-1) as PlannedStage<B>;
  if (stages.length === 1 && !last.enter) return last.plan;
  const starts = stages.map((_, i) =>
    stages.slice(0, i).reduce((sum, { plan }) => sum + plan.epochs, 0),
  );
  const at = (epoch: number): [plan: TrainingPlan<B>, epoch: number] => {
    const place = starts.findLastIndex((start) => start <= epoch);
    return [(stages[place] as PlannedStage<B>).plan, epoch - (starts[place] as number)];
  };
  return {
    ...last.plan,
    training: new StagedTraining(
      stages.map(({ name, plan, enter }) => ({
        ...{ name, epochs: plan.epochs, training: plan.training },
        ...(enter && { enter }),
      })),
    ),
    epochs: stages.reduce((sum, { plan }) => sum + plan.epochs, 0),
    batches: (epoch, start) => {
      const [plan, own] = at(epoch);
      return plan.batches(own, start);
    },
    evaluate: (epoch) => {
      const [plan, own] = at(epoch);
      return plan.evaluate(own);
    },
    schedule: scheduleOf(stages.map(({ plan }) => plan)),
  };
}

/** Schedules one after the other, each counting its own steps. */
function scheduleOf<B extends BatchOf<B>>(plans: readonly TrainingPlan<B>[]): Schedule {
  return (step: Tensor) => {
    let [before, rate] = [0, undefined as Tensor | undefined];
    for (const { schedule, epochs, batchesPerEpoch } of plans) {
      const own = rateOf(schedule, step, before);
      rate = rate === undefined ? own : where(less(step, before), rate, own);
      before += epochs * batchesPerEpoch;
    }
    return rate as Tensor;
  };
}

function rateOf(schedule: Schedule, step: Tensor, before: number): Tensor {
  return typeof schedule === "number"
    ? full([], schedule)
    : schedule(maximum(sub(step, before), 0));
}
