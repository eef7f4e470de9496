import {
  cast,
  constant,
  div,
  gather,
  greaterEqual,
  hostTensor,
  lessEqual,
  maximum,
  minimum,
  mod,
  QuireError,
  sub,
  sum,
  type Tensor,
  where,
} from "@quire/tensor";
import { halfWave, type Schedule } from "./schedule.ts";

/** A rate that rises once and falls once. */
export interface OneCycleOptions {
  /** The highest rate. */
  readonly peak: number;
  /** Updates of the whole training, at least 2. */
  readonly steps: number;
  /** Share of the updates that it rises for; 0.3 unless said. */
  readonly rising?: number;
  /** The rate it starts from; a 25th of the peak unless said. */
  readonly from?: number;
  /** The rate it ends at and keeps; a 10,000th of the start unless said. */
  readonly to?: number;
}

/** Half a cosine wave up and half a wave down (Smith and Topin 2018), as PyTorch's `OneCycleLR`. */
export function oneCycle(options: OneCycleOptions): Schedule {
  const { peak, steps, rising = 0.3, from = peak / 25, to = from / 1e4 } = options;
  const top = rising * steps - 1;
  const last = steps - 1;
  if (!(top > 0 && top < last)) {
    throw new QuireError(
      `oneCycle: ${rising} of ${steps} updates leave no way up or no way down; take more steps.`,
    );
  }
  return (step) => {
    const up = halfWave(from, peak, minimum(div(step, top), 1));
    const way = div(maximum(sub(step, top), 0), last - top);
    return where(lessEqual(step, top), up, halfWave(peak, to, minimum(way, 1)));
  };
}

/** A rate that falls again and again. */
export interface WarmRestartsOptions {
  /** The rate every period starts from. */
  readonly from: number;
  /** The rate every period goes to; 0 unless said. */
  readonly to?: number;
  /** Updates of the first period. */
  readonly period: number;
  /** How many times longer each period is than the one before, a whole number; 1 unless said. */
  readonly growth?: number;
}

/** The largest whole number below which float32 has all. */
const MOST_STEPS = 2 ** 24;

/** Half a cosine wave down, again and again (Loshchilov and Hutter 2017, eq. 5). */
export function warmRestarts(options: WarmRestartsOptions): Schedule {
  const { from, to = 0, period, growth = 1 } = options;
  if (growth !== 1 && !(Number.isInteger(growth) && growth > 1)) {
    throw new QuireError(`warmRestarts: growth must be a whole number from 1, got ${growth}.`);
  }
  if (growth === 1) return (step) => halfWave(from, to, div(mod(step, period), period));
  const [starts, lengths]: [number[], number[]] = [[], []];
  for (let [start, length] = [0, period]; start < MOST_STEPS; length *= growth) {
    starts.push(start);
    lengths.push(length);
    start += length;
  }
  return (step) => {
    const begun = cast(greaterEqual(step, constant(hostTensor(starts))), "int32");
    const at = (values: readonly number[]): Tensor =>
      gather(constant(hostTensor(values)), sub(sum(begun), 1));
    return halfWave(from, to, div(sub(step, at(starts)), at(lengths)));
  };
}
