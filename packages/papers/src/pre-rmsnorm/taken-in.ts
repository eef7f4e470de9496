// D width, N outputs of a linear layer

import { matmul, mul, reshape, slice, sub, type Tensor } from "@quire/tensor";
import { partOfWeight } from "./passing.ts";
import type { Normed } from "./reading.ts";

/** A linear layer's weight and bias with what stood before it taken in, for `[.., D or D - 1] -> [.., N]`. */
export function takenIn(
  { isShort, scale, shift }: Normed,
  weight: Tensor,
  isTransposed: boolean,
): { readonly weight: Tensor; readonly shift: Tensor | undefined } {
  const [axis, width] = isTransposed ? [1, weight.shape[1]] : [0, weight.shape[0]];
  const size = width as number;
  const along = isTransposed ? [1, size] : [size, 1];
  const scaled = scale ? mul(weight, reshape(scale, along)) : weight;
  const rows = (from: number, to: number): Tensor =>
    partOfWeight(slice(scaled, [from], [to], { axes: [axis] }));
  /// Section 3.3: W x = sum over i < D of (w_i - w_D) x_i, since x_D is minus the sum of the others.
  const short = isShort ? sub(rows(0, size - 1), rows(size - 1, size)) : scaled;
  const moved = shift && matmul(reshape(shift, [1, size]), weight, { transposeB: isTransposed });
  return { weight: short, shift: moved && reshape(moved, [moved.shape[1] as number]) };
}
