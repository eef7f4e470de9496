import { describe, expect, test } from "vitest";
import { adamW } from "../optimizer/adam.ts";
import { readSafetensors, writeSafetensors } from "../safetensors.ts";
import { PointClassifier, type Points, pointBatches } from "../testing/points.ts";
import { EarlyStopping, type EarlyStoppingOptions } from "./early-stopping.ts";
import type { EpochEvent } from "./events.ts";
import { Training } from "./training.ts";

function epochsSeen(options: EarlyStoppingOptions, values: readonly number[]): EarlyStopping {
  const stop = new EarlyStopping(options);
  for (const [epoch, value] of values.entries()) {
    if (stop.stopped) break;
    const metrics = { score: value };
    stop.observe({ type: "epoch", epoch, batch: 1, step: epoch + 1, loss: 2 * value, metrics });
  }
  return stop;
}

describe("early stopping", () => {
  test("waits for a gain as long as it is told", () => {
    const higher = { metric: "score", better: "higher", patience: 2 } as const;
    const stop = epochsSeen(higher, [1, 3, 2, 4, 4, Number.NaN, 9]);
    expect([stop.stopped, stop.best]).toEqual([true, { value: 4, epoch: 3 }]);
    const going = epochsSeen(higher, [1, 3, 2, 4, 4]);
    expect([going.stopped, going.best]).toEqual([false, { value: 4, epoch: 3 }]);
    const lower = { metric: "loss", better: "lower", patience: 1, gain: 0.5 } as const;
    expect(epochsSeen(lower, [5, 4, 3.8, 1]).best).toEqual({ value: 8, epoch: 1 });
  });

  test("wants a metric that was measured", () => {
    const stop = { metric: "f1", better: "higher", patience: 1 } as const;
    expect(() => epochsSeen(stop, [1])).toThrow(
      'EarlyStopping: there is no metric "f1"; there are loss, score.',
    );
  });
});

const scores = [0.1, 0.5, 0.4, 0.5, 0.3, 0.9];

function prepared(): { training: Training<Points>; stop: EarlyStopping } {
  const model = new PointClassifier();
  const stop = new EarlyStopping({ metric: "score", better: "higher", patience: 3 });
  const training = new Training<Points>({
    model,
    optimizer: adamW(model.parameters(), { learningRate: 0.02 }),
    loss: (batch, mode) => model.loss(batch, mode),
    stop,
  });
  return { training, stop };
}

async function epochsOf(training: Training<Points>, until = 99): Promise<EpochEvent[]> {
  const seen: EpochEvent[] = [];
  const evaluate = (epoch: number): Promise<Record<string, number>> =>
    Promise.resolve({ score: scores[epoch] as number });
  for await (const event of training.run({ epochs: 6, batches: pointBatches, evaluate })) {
    if (event.type !== "epoch") continue;
    seen.push(event);
    if (event.epoch === until) break;
  }
  return seen;
}

test("a training stops, and stops there too when it was resumed while it waited", async () => {
  const whole = prepared();
  const epochs = await epochsOf(whole.training);
  expect(epochs.map(({ epoch }) => epoch)).toEqual([0, 1, 2, 3, 4]);
  expect(whole.stop.best).toEqual({ value: 0.5, epoch: 1 });
  expect(await epochsOf(whole.training)).toEqual([]);

  const first = prepared();
  const before = await epochsOf(first.training, 2);
  const file = writeSafetensors(await first.training.checkpoint());
  const second = prepared();
  await second.training.resume(readSafetensors(file));
  const after = await epochsOf(second.training);
  expect([...before, ...after]).toEqual(epochs);
  expect(second.stop.best).toEqual(whole.stop.best);
});
