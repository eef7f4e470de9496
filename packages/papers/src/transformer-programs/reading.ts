// N variables, V values of a variable, R rows (all places of all sequences), H readers

import { type Choice, normal } from "@quire/nn";
import { add, matmul, reshape, type Shape, split, type Tensor, Variable } from "@quire/tensor";

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
  return readParts(gates, [stream], choose);
}

/** What readers read of a stream in parts, which need not be joined for it. `[H, N], [N, R, V] -> [H, R, V]` */
export function readParts(gates: Tensor, parts: readonly Tensor[], choose: Choice): Tensor {
  const [first, ...others] = parts as [Tensor, ...Tensor[]];
  const each = first.shape.slice(1);
  const size = each.reduce((product, length) => product * length, 1);
  const chosen = split(
    choose(gates),
    parts.map(({ shape: [variables = 0] }) => variables),
    1,
  );
  const taken = [first, ...others].map((part, i) =>
    matmul(chosen[i] as Tensor, reshape(part, [part.shape[0] as number, size])),
  );
  const whole = taken.reduce((sum, part) => add(sum, part));
  return reshape(whole, [gates.shape[0] as number, ...each]);
}
