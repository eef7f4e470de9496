// B rows, H heads, T tokens, K width of queries and keys, V width of values

import {
  abs,
  add,
  concat,
  div,
  exp,
  full,
  maximum,
  mul,
  neg,
  slice,
  type Tensor,
} from "@quire/tensor";

/** What all forms read. */
export interface ReadTokens {
  /** `[B, H, T, K]` */
  readonly query: Tensor;
  /** `[B, H, T, K]` */
  readonly key: Tensor;
  /** `[B, H, T, V]` */
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

/** What a token reads, all of it over e^peak. */
export interface Sums {
  /** Values by their weights, `[..., V]`. */
  readonly values: Tensor;
  /** The weights, `[..., 1]`. */
  readonly weights: Tensor;
}

/** What `withOnes` joined, apart again. `[..., V + 1] -> [..., V], [..., 1]` */
export function apart(sums: Tensor): Sums {
  const axis = sums.shape.length - 1;
  const width = (sums.shape[axis] as number) - 1;
  const part = (from: number, to: number): Tensor => slice(sums, [from], [to], { axes: [axis] });
  return { values: part(0, width), weights: part(width, width + 1) };
}

/** Both added, one by one. */
export function joined(one: Sums, other: Sums): Sums {
  return {
    values: add(one.values, other.values),
    weights: add(one.weights, other.weights),
  };
}

/**
 * Summed values over summed weights, or over 1 where those are smaller: h = C q / max(|n q|, e^-m), both scaled by
 * e^-m. `[..., V], [..., 1], [..., 1] -> [..., V]`
 */
export function normalized({ values, weights }: Sums, peak: Tensor): Tensor {
  return div(values, add(maximum(abs(weights), exp(neg(peak))), EPSILON));
}
