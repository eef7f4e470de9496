// B rows, H heads, T tokens, K width of queries and keys, V width of values

import {
  abs,
  add,
  arange,
  concat,
  div,
  exp,
  full,
  less,
  maximum,
  mul,
  neg,
  slice,
  type Tensor,
  unsqueeze,
} from "@quire/tensor";

/** What all forms read. */
export interface ReadTokens {
  /** `[B, H, T, K]` */
  readonly query: Tensor;
  /** `[B, H, T, K]` */
  readonly key: Tensor;
  /** With a column of ones, so that weights are summed as values are: `[B, H, T, V + 1]`. */
  readonly value: Tensor;
  /** `[B, H, T, 1]` */
  readonly inputGate: Tensor;
  /** The logarithm of what is kept, `[B, H, T, 1]`. */
  readonly logForget: Tensor;
}

/** Added to a divisor that may be as small as e^-m; the released code's. */
const EPSILON = 1e-6;

/** The logarithm of nothing, as far as exponentials of float32 tell; a true infinity less another is no number. */
export const NOTHING = -1e30;

/** A column of ones behind the values. `[..., V] -> [..., V + 1]` */
export function withOnes(value: Tensor): Tensor {
  return concat([value, full([...value.shape.slice(0, -1), 1], 1)], -1);
}

/** Keys over √K, so that products with queries keep their size. `[..., K] -> [..., K]` */
export function scaledKey(key: Tensor): Tensor {
  return mul(key, 1 / Math.sqrt(key.shape.at(-1) as number));
}

/**
 * Summed values over summed weights, or over 1 where those are smaller: h = C q / max(|n q|, e^-m), both scaled by
 * e^-m. `[..., V + 1], [..., 1] -> [..., V]`
 */
export function normalized(sums: Tensor, peak: Tensor): Tensor {
  const axis = sums.shape.length - 1;
  const width = (sums.shape[axis] as number) - 1;
  const part = (from: number, to: number): Tensor => slice(sums, [from], [to], { axes: [axis] });
  const least = maximum(abs(part(width, width + 1)), exp(neg(peak)));
  return div(part(0, width), add(least, EPSILON));
}

/** Where a token would see one that comes after it. `-> [T, T]` */
export function isAhead(length: number): Tensor {
  const places = arange(length);
  return less(unsqueeze(places, [1]), unsqueeze(places, [0]));
}
