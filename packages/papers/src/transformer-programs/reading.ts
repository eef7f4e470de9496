// N variables, V values of a variable, R rows (all places of all sequences), H readers

import { type Choice, normal } from "@quire/nn";
import { matmul, reshape, type Shape, type Tensor, Variable } from "@quire/tensor";

/// The residual stream is kept with its variables first, `[N, R, V]`: a gate's product with it is then one product
/// of matrices for all readers, and to append a variable is to join memory.

/** The logits of gates that choose the variable that each reader reads (section 3.1, eq. 1). `[H, N]` */
export function gateLogits(readers: number, variables: number): Variable {
  return drawn([readers, variables], variables);
}

/** Normal draws of deviation 1/√size, as the official code has them everywhere. */
export function drawn(shape: Shape, size: number): Variable {
  return new Variable(shape, { initial: normal(1 / Math.sqrt(size)) });
}

/** What readers read: each one variable, or in training a mixture. `[H, N], [N, R, V] -> [H, R, V]` */
export function read(gates: Tensor, stream: Tensor, choose: Choice): Tensor {
  const [variables = 0, ...each] = stream.shape;
  const size = each.reduce((product, length) => product * length, 1);
  const taken = matmul(choose(gates), reshape(stream, [variables, size]));
  return reshape(taken, [gates.shape[0] as number, ...each]);
}
