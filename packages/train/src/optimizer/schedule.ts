import {
  add,
  constant,
  cos,
  div,
  hostTensor,
  maximum,
  minimum,
  mul,
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
  return (step) => {
    const wave = cos(mul(share(step, steps), Math.PI));
    return add(mul(wave, (from - to) / 2), (from + to) / 2);
  };
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
