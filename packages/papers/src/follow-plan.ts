import type { Module } from "@quire/nn";
import type { HostTensor } from "@quire/tensor";
import { type BatchOf, loadModel, modelTensors } from "@quire/train";
import type { CurvePoint } from "./paper.ts";
import type { TrainingPlan } from "./training-plan.ts";

/** Who is told while a plan is followed, and what ends it early. */
export interface FollowOptions {
  /** Stops the training after the present batch; what was learnt so far is kept. */
  readonly signal?: AbortSignal;
  readonly onBatch?: (progress: BatchProgress) => void;
  readonly onEpoch?: (point: CurvePoint) => Promise<void> | void;
}

/** How far a training is, after a batch. */
export interface BatchProgress {
  /** Counts from 1. */
  readonly epoch: number;
  readonly epochs: number;
  /** Batches done in this epoch. */
  readonly batch: number;
  readonly batches: number;
  /** The share of the whole training that is done. */
  readonly share: number;
  /** The mean over this epoch's batches so far. */
  readonly loss: number;
}

/** How a training went. */
export interface Followed {
  readonly points: readonly CurvePoint[];
  /** Wall-clock seconds of training, evaluations left out. */
  readonly seconds: number;
  /** Whether the signal ended it early. */
  readonly stopped: boolean;
}

/**
 * Trains by a plan from where it stands to its end, and gives back the memory of the compiled step.
 *
 * @throws DivergenceError when the loss is no longer a number.
 */
export async function followPlan<B extends BatchOf<B>>(
  plan: TrainingPlan<B>,
  { signal, onBatch, onEpoch }: FollowOptions = {},
): Promise<Followed> {
  const { training, epochs, batchesPerEpoch } = plan;
  const points: CurvePoint[] = [];
  const started = performance.now();
  let [lossSum, updates, evaluating] = [0, 0, 0];
  const evaluate = async (epoch: number): Promise<Readonly<Record<string, number>>> => {
    const began = performance.now();
    const found = await plan.evaluate(epoch);
    evaluating += performance.now() - began;
    return found;
  };
  for await (const event of training.run({ epochs, batches: plan.batches, evaluate })) {
    const epoch = event.epoch + 1;
    if (event.type === "epoch") {
      const point = { epoch, values: { trainingLoss: event.loss, ...event.metrics } };
      [lossSum, updates] = [0, 0];
      points.push(point);
      await onEpoch?.(point);
    } else {
      lossSum += event.loss;
      updates += 1;
      const share = (event.epoch + event.batch / batchesPerEpoch) / epochs;
      const place = { epoch, epochs, batch: event.batch, batches: batchesPerEpoch, share };
      onBatch?.({ ...place, loss: lossSum / updates });
    }
    if (signal?.aborted) break;
  }
  await training.release();
  const seconds = (performance.now() - started - evaluating) / 1000;
  return { points, seconds, stopped: signal?.aborted ?? false };
}

/**
 * Trains by a plan to its end, and leaves the model with the weights of the epoch that its first metric calls best.
 *
 * @throws DivergenceError when the loss is no longer a number.
 */
export async function followToBest<B extends BatchOf<B>>(
  plan: TrainingPlan<B>,
  model: Module,
  { onEpoch, ...options }: FollowOptions = {},
): Promise<Followed> {
  const [{ name, better }] = plan.metrics;
  let best: { readonly value: number; readonly weights: Map<string, HostTensor> } | undefined;
  const followed = await followPlan(plan, {
    ...options,
    onEpoch: async (point) => {
      const value = (better === "higher" ? 1 : -1) * (point.values[name] as number);
      if (!best || value > best.value) {
        best = { value, weights: new Map(await modelTensors(model)) };
      }
      await onEpoch?.(point);
    },
  });
  if (best) await loadModel(model, best.weights);
  return followed;
}
