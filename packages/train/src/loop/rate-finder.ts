import type { Mode, Module } from "@quire/nn";
import { exp, mul, QuireError, RandomStream, type Tensor, type Variable } from "@quire/tensor";
import { setValues, valuesOf } from "../model-state.ts";
import type { Optimizer } from "../optimizer/optimizer.ts";
import type { Schedule } from "../optimizer/schedule.ts";
import { WholeStep } from "./step.ts";
import type { Batches, BatchOf, Traced } from "./traced.ts";

/** What a learning rate is sought for, and between which bounds. */
export interface RateFinderOptions<B> {
  readonly model: Module;
  /** Makes the optimiser whose rate is sought. */
  readonly optimizer: (parameters: readonly Variable[], learningRate: Schedule) => Optimizer;
  /** The loss of a batch, a scalar, traced. */
  readonly loss: (batch: Traced<B>, mode: Mode) => Tensor;
  /** An epoch's batches from the given one on, as for a training. */
  readonly batches: (epoch: number, start: number) => Batches<B>;
  /** Seed of dropout and its like; 0 unless said. */
  readonly seed?: number;
  /** The first rate; 1e-7 unless said. */
  readonly from?: number;
  /** The last rate; 10 unless said. */
  readonly to?: number;
  /** How many rates are tried, a batch each; 100 unless said. */
  readonly steps?: number;
}

/** The loss at a learning rate. */
export interface RatePoint {
  readonly rate: number;
  readonly loss: number;
  /** The running mean of the losses, the older the less. */
  readonly smoothed: number;
}

/** What trying out learning rates has shown. */
export interface RateCurve {
  readonly curve: readonly RatePoint[];
  /** The rate where the loss falls fastest; undefined where it never falls. */
  readonly suggestion: number | undefined;
}

const KEEP = 0.9;
/** How far above its lowest value a loss is lost, in first losses. */
const TOO_FAR = 3;

/**
 * Trains for a few batches at ever higher learning rates until the loss leaves its lowest value far behind (Smith
 * 2017, section 3.3). The model has its own values again afterwards.
 *
 * @throws QuireError when the bounds or the number of steps make no range, or there are no batches.
 */
export async function findLearningRate<B extends BatchOf<B>>(
  options: RateFinderOptions<B>,
): Promise<RateCurve> {
  const { model, loss, seed = 0, from = 1e-7, to = 10, steps = 100 } = options;
  if (!(from > 0 && to > from && steps >= 3)) {
    throw new QuireError(
      `findLearningRate: needs 0 < from < to and at least 3 steps, got ${from}, ${to} and ${steps}.`,
    );
  }
  const growth = Math.log(to / from) / (steps - 1);
  const schedule: Schedule = (step) => mul(exp(mul(step, growth)), from);
  const optimizer = options.optimizer(model.parameters(), schedule);
  const mode: Mode = { training: true, random: new RandomStream(seed) };
  const before = await valuesOf(model.namedState());
  const step = new WholeStep<B>({ loss, mode, optimizer, average: undefined, isWatched: false });
  try {
    const losses = lossesOf(step, options.batches, steps);
    const curve = await curveOf(losses, (i) => from * Math.exp(i * growth));
    return { curve, suggestion: steepest(curve) };
  } finally {
    await step.release();
    await setValues("findLearningRate", model.namedState(), before);
  }
}

/** The losses of so many steps, epoch after epoch. */
async function* lossesOf<B extends BatchOf<B>>(
  step: WholeStep<B>,
  batches: RateFinderOptions<B>["batches"],
  steps: number,
): AsyncGenerator<number, void, undefined> {
  let done = 0;
  for (let epoch = 0; done < steps; epoch++) {
    const before = done;
    for await (const batch of batches(epoch, 0)) {
      yield (await step.add(batch)).loss;
      done += 1;
      if (done === steps) return;
    }
    if (done === before) throw new QuireError("findLearningRate: there are no batches; give data.");
  }
}

/** Stops where the loss is no number or far above its lowest value. */
async function curveOf(
  losses: AsyncIterable<number>,
  rateAt: (step: number) => number,
): Promise<RatePoint[]> {
  const curve: RatePoint[] = [];
  let [sum, weight, lowest] = [0, 0, Number.POSITIVE_INFINITY];
  for await (const loss of losses) {
    sum = KEEP * sum + (1 - KEEP) * loss;
    weight = KEEP * weight + (1 - KEEP);
    const smoothed = sum / weight;
    const first = Math.abs(curve[0]?.smoothed ?? smoothed);
    if (!Number.isFinite(loss) || smoothed - lowest > TOO_FAR * first) break;
    lowest = Math.min(lowest, smoothed);
    curve.push({ rate: rateAt(curve.length), loss, smoothed });
  }
  return curve;
}

/**
 * The rate between whose neighbours the smoothed loss falls most, before its lowest value. The first tenth is left out:
 * its means are of few batches.
 */
function steepest(curve: readonly RatePoint[]): number | undefined {
  const smoothed = curve.map((point) => point.smoothed);
  const first = Math.max(1, Math.floor(curve.length / 10));
  const bottom = smoothed.indexOf(Math.min(...smoothed.slice(first)), first);
  let [rate, fall]: [number | undefined, number] = [undefined, 0];
  for (let i = first; i < Math.min(bottom + 1, curve.length - 1); i++) {
    const slope = (smoothed[i + 1] as number) - (smoothed[i - 1] as number);
    if (slope < fall) [rate, fall] = [(curve[i] as RatePoint).rate, slope];
  }
  return rate;
}
