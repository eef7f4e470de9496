// B batch, T length, D width

import {
  add,
  cast,
  dims,
  div,
  expand,
  max,
  maximum,
  mul,
  reshape,
  sqrt,
  sum,
  type Tensor,
  where,
} from "@quire/tensor";

/** Stands for minus infinity where a maximum passes over what does not count. */
const LEAST = -1e9;

/**
 * The mean over those places of a sequence that count; 0 where none does (Reimers and Gurevych 2019, section 3).
 * `[B, T, D], bool [B, T] -> [B, D]`
 */
export function maskedMean(x: Tensor, counts: Tensor): Tensor {
  const { B, T } = dims(x, "B T D");
  const shares = reshape(cast(counts, x.dtype), [B, T, 1]);
  return div(sum(mul(x, shares), { axes: 1 }), maximum(sum(shares, { axes: 1 }), 1e-9));
}

/** The largest value over those places of a sequence that count. `[B, T, D], bool [B, T] -> [B, D]` */
export function maskedMax(x: Tensor, counts: Tensor): Tensor {
  const { B, T, D } = dims(x, "B T D");
  return max(where(expand(reshape(counts, [B, T, 1]), [B, T, D]), x, LEAST), { axes: 1 });
}

/** Vectors divided by their lengths; those shorter than 1e-12 stay short. `[..., D] -> [..., D]` */
export function unitVectors(x: Tensor): Tensor {
  const squares = sum(mul(x, x), { axes: -1, keepDims: true });
  return div(x, sqrt(add(squares, 1e-24)));
}
