import type { Tensor } from "../graph/node.ts";
import { constant } from "../graph/source.ts";
import { hostTensor } from "../host.ts";
import { sizeOf } from "../shape.ts";
import { matmul } from "./linalg.ts";
import { reshape } from "./movement.ts";
import { cast } from "./select.ts";

/** Every line along an axis times a constant matrix, given by rows. `[..., N, ...] -> [..., M, ...]` */
export function axisProduct(x: Tensor, rows: readonly (readonly number[])[], axis: number): Tensor {
  const size = x.shape[axis] as number;
  if (isIdentity(rows, size)) return x;
  const matrix = cast(constant(hostTensor(rows.flat(), [rows.length, size])), x.dtype);
  const [lead, rest] = [x.shape.slice(0, axis), x.shape.slice(axis + 1)];
  const shape = [...lead, rows.length, ...rest];
  if (sizeOf(rest) === 1) {
    const lines = reshape(x, [sizeOf(lead), size]);
    return reshape(matmul(lines, matrix, { transposeB: true }), shape);
  }
  return reshape(matmul(matrix, reshape(x, [sizeOf(lead), size, sizeOf(rest)])), shape);
}

function isIdentity(rows: readonly (readonly number[])[], size: number): boolean {
  return rows.length === size && rows.every((row, i) => row[i] === 1);
}
