// H heads, T tokens

import {
  arange,
  cast,
  constant,
  exp,
  hostTensor,
  less,
  mul,
  sub,
  type Tensor,
  unsqueeze,
  where,
} from "@quire/tensor";

/**
 * A slope s for each head, so that what was read t tokens ago counts e^(-s t): 2^(-8/H), 2^(-16/H), ... (Press et al.
 * 2022, section 3). Where H is no power of 2: those of the next smaller one, and every other of the next larger one.
 */
export function headSlopes(heads: number): number[] {
  const lower = 2 ** Math.floor(Math.log2(heads));
  const geometric = (count: number): number[] =>
    Array.from({ length: count }, (_, head) => 2 ** ((-8 * (head + 1)) / count));
  const between = geometric(2 * lower).filter((_, i) => i % 2 === 0);
  return [...geometric(lower), ...between.slice(0, heads - lower)];
}

/** e^(-s t) for each head's slope s and each t of `steps`. `-> [H, ...shape]` */
export function decays(
  slopes: readonly number[],
  steps: readonly number[],
  shape: readonly number[],
): Tensor {
  const values = slopes.flatMap((slope) => steps.map((t) => Math.exp(-slope * t)));
  return constant(hostTensor(values, [slopes.length, ...shape], "float32"));
}

/** e^(-s (t - m)) where token t sees token m, 0 where m comes after it (Qin et al. 2024, eq. 31). `-> [H, T, T]` */
export function decayMask(slopes: readonly number[], length: number): Tensor {
  const places = arange(length);
  const distance = sub(unsqueeze(places, [1]), unsqueeze(places, [0]));
  const isAhead = less(distance, 0);
  const past = cast(where(isAhead, 0, distance), "float32");
  return where(isAhead, 0, exp(mul(past, fading(slopes, 2))));
}

/** Minus each head's slope, to be multiplied by steps that have `axes` axes of their own. `-> [H, 1, ...]` */
export function fading(slopes: readonly number[], axes: number): Tensor {
  const shape = [slopes.length, ...new Array<number>(axes).fill(1)];
  const values = slopes.map((slope) => -slope);
  return constant(hostTensor(values, shape, "float32"));
}
