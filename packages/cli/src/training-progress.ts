import type { ShownMetric, TrainingPlan } from "@quire/papers";
import type { BatchOf, TrainingEvent } from "@quire/train";
import type { Console } from "./console.ts";
import { metricText, spaced } from "./metric-text.ts";

/** Shows how far a training is. */
export interface TrainingProgress {
  show(event: TrainingEvent): void;
  finish(): void;
}

/** Shows epoch, loss, the speed and what was measured last, as the training tells of its steps. */
export function trainingProgress<B extends BatchOf<B>>(
  console: Console,
  {
    epochs,
    batchesPerEpoch,
    metrics,
  }: Pick<TrainingPlan<B>, "epochs" | "batchesPerEpoch" | "metrics">,
): TrainingProgress {
  const progress = console.progress("training");
  const speed = speedometer();
  let measured: string[] = [];
  let [epochNow, lossSum, updates] = [-1, 0, 0];
  return {
    show: (event) => {
      if (event.type === "epoch") {
        measured = measuredText(metrics, event.metrics);
        return;
      }
      if (event.epoch !== epochNow) [epochNow, lossSum, updates] = [event.epoch, 0, 0];
      lossSum += event.loss;
      updates += 1;
      const perSecond = speed();
      const words = [
        `epoch ${event.epoch + 1}/${epochs}`,
        `loss ${(lossSum / updates).toFixed(3)}`,
        ...measured,
        ...(perSecond === undefined ? [] : [`${perSecond.toPrecision(3)} steps/s`]),
      ];
      progress.update((event.epoch + event.batch / batchesPerEpoch) / epochs, words.join(", "));
    },
    finish: progress.finish,
  };
}

function measuredText(
  metrics: readonly ShownMetric[],
  values: Readonly<Record<string, number>>,
): string[] {
  const [{ name, as } = { name: "", as: "number" } as const] = metrics;
  const value = values[name];
  return value === undefined ? [] : [`${spaced(name)} ${metricText(value, as)}`];
}

/** Steps a second since the first one, which is not counted because it compiles. */
function speedometer(): () => number | undefined {
  let seen = 0;
  let began: number | undefined;
  return () => {
    if (began === undefined) {
      began = performance.now();
      return undefined;
    }
    seen += 1;
    return (1000 * seen) / (performance.now() - began);
  };
}
