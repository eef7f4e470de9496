// B batch; the other axes are the values' own

import { constant, gather, hostTensor, reshape, type Tensor } from "@quire/tensor";

/** Numbers of each example's time, to be multiplied with its values. `[T], [B] -> [B, 1, ...]` */
export function tableAt(table: Float64Array, times: Tensor, like: Tensor): Tensor {
  const numbers = constant(hostTensor(Float32Array.from(table), [table.length]));
  const shape = like.shape.map((size, axis) => (axis === 0 ? (size as number) : 1));
  return reshape(gather(numbers, times), shape);
}
