import {
  add,
  constant,
  cos,
  div,
  hostTensor,
  maximum,
  minimum,
  mul,
  pow,
  rsqrt,
  sub,
  type Tensor,
} from "@quire/tensor";

/**
 * A learning rate: one number, or a recipe for it from the number of updates already made, a float32 scalar, so
 * that it changes within the compiled step.
 */
export type Schedule = number | ((step: Tensor) => Tensor);

/** A learning rate that goes from one value to another. */
export interface DecayOptions {
  /** The rate it starts from. */
  readonly from: number;
  /** The rate it ends at and keeps; 0 unless said. */
  readonly to?: number;
  /** Updates from the start to the end. */
  readonly steps: number;
}

/** The share of the way that a step has gone, from 0 to 1. */
function share(step: Tensor, steps: number): Tensor {
  return minimum(div(step, steps), 1);
}

/** A rate that falls, or rises, evenly. */
export function linear({ from, to = 0, steps }: DecayOptions): Schedule {
  return (step) => add(mul(share(step, steps), to - from), from);
}

/** A rate that falls as half a cosine wave (Loshchilov and Hutter 2017, eq. 5, without restarts). */
export function cosine({ from, to = 0, steps }: DecayOptions): Schedule {
  return (step) => halfWave(from, to, share(step, steps));
}

/** From one value to another as half a cosine wave, by the share of the way. */
export function halfWave(from: number, to: number, share: Tensor): Tensor {
  return add(mul(cos(mul(share, Math.PI)), (from - to) / 2), (from + to) / 2);
}

/** A rate that falls as a power of the share of the way that is left. */
export interface PolynomialOptions extends DecayOptions {
  /** The power; 1 unless said, which is `linear`. */
  readonly power?: number;
}

/** A rate that falls as (1 - step / steps) to a power, as PyTorch's `PolynomialLR`. */
export function polynomial({ from, to = 0, steps, power = 1 }: PolynomialOptions): Schedule {
  return (step) => add(mul(pow(sub(1, share(step, steps)), power), from - to), to);
}

/** A rate that falls slower and slower. */
export interface InverseSquareRootOptions {
  /** The rate it starts from. */
  readonly from: number;
  /** Updates after which it has fallen by √2. */
  readonly steps: number;
}

/**
 * A rate that falls as √(steps / (steps + step)); `warmUp(n, inverseSquareRoot({ from, steps: n }))` is that of Vaswani
 * et al. 2017, eq. 3.
 */
export function inverseSquareRoot({ from, steps }: InverseSquareRootOptions): Schedule {
  return (step) => mul(rsqrt(add(mul(step, 1 / steps), 1)), from);
}

/**
 * Rises evenly to another schedule's first rate over `steps` updates, the first of which takes one share of it,
 * and goes on by that schedule from its beginning (Goyal et al. 2017, section 2.2).
 */
export function warmUp(steps: number, then: Schedule): Schedule {
  return (step) => {
    const after = rateAt(then, maximum(sub(step, steps), 0));
    return mul(after, minimum(div(add(step, 1), steps), 1));
  };
}

/** A schedule's rate at a step. `[] -> []` */
export function rateAt(schedule: Schedule, step: Tensor): Tensor {
  return typeof schedule === "number" ? constant(hostTensor(schedule)) : schedule(step);
}
