// H heads, T places

import {
  clip,
  constant,
  gather,
  hostTensor,
  reshape,
  type Tensor,
  unsqueeze,
  Variable,
} from "@quire/tensor";

/** What decides between several keys that match: the nearest, what is learnt for each distance, or the first. */
export type TieBreak = "nearest" | "learned" | "first";

/** Learned biases stand between minus this and this, so that a match always beats what does not match. */
const BOUND = 10;

/// Section 3.2: "each query attends to the closest matching key". Keys behind and ahead of a query fall with their
/// distance to -1, the query itself comes last at -2. As in the official code the next key ahead and behind both stand
/// at 0, and steps ahead are a little longer, so that of two keys at one distance the earlier one is taken.
/** The bias of each distance from -T to T - 1: key's place minus query's place, wrapped around. `[2T]` */
export function nearestBias(length: number): number[] {
  const step = 1 / Math.max(1, length - 2);
  const ahead = Array.from({ length: length - 1 }, (_, i) => i * -step + 0);
  const behind = Array.from({ length }, (_, i) => -1 + i / Math.max(1, length - 1));
  return [-2, ...ahead, ...behind];
}

/** The bias of every pair of a query and a key. `[2T] -> [1, 1, T, T]`, `[H, 2T] -> [H, 1, T, T]` */
export function biasOfPairs(bias: readonly number[] | Variable, length: number): Tensor {
  const size = Array.isArray(bias) ? bias.length : ((bias as Variable).shape[1] as number);
  const places = Array.from({ length: length * length }, (_, i) => {
    const distance = (i % length) - Math.floor(i / length);
    return (distance + size) % size;
  });
  if (!(bias instanceof Variable)) {
    const values = places.map((place) => bias[place] as number);
    return constant(hostTensor(values, [1, 1, length, length]));
  }
  const bounded = clip(bias, { min: -BOUND, max: BOUND });
  const ids = constant(hostTensor(places, [places.length], "int32"));
  const chosen = gather(bounded, ids, 1);
  return unsqueeze(reshape(chosen, [bias.shape[0] as number, length, length]), [1]);
}
