import { ShapeError } from "../errors.ts";
import { makeTensor, type OpSpec, type Tensor } from "../graph/node.ts";
import { type TensorType, typeText } from "../shape.ts";
import { type Operand, toTensor } from "./define.ts";
import { inKernelType } from "./kernel-type.ts";

type TriangularAttributes = {
  readonly diagonal: number;
  readonly part: "lower" | "upper";
};

/** One side of matrices' diagonals, zeros on the other; the row of both triangles. */
export const triangularSpec: OpSpec<TriangularAttributes> = {
  name: "triangular",
  infer: ([x]) => [x as TensorType],
  gradient: ({ dy, attributes: { part, diagonal } }, ops) => [
    part === "lower" ? ops.triangularLower(dy, diagonal) : ops.triangularUpper(dy, diagonal),
  ],
  lower(emit, [x], { inputs, attributes: { part, diagonal } }) {
    const { dtype } = inputs[0] as TensorType;
    const run = ([value]: readonly string[]): string =>
      emit.one("Trilu", [value as string, emit.scalar(diagonal, "int64")], {
        upper: Number(part === "upper"),
      });
    return [inKernelType(emit, dtype, { uint8: "int64" }, [x as string], run)];
  },
  flops: () => 0,
};

function triangle(op: string, x: Operand, attributes: TriangularAttributes): Tensor {
  const tensor = toTensor(x);
  if (tensor.shape.length < 2) {
    throw new ShapeError(op, `takes matrices, got x ${typeText(tensor)}.`, [tensor]);
  }
  return makeTensor(triangularSpec, [tensor], attributes);
}

/**
 * Matrices with zeros above a diagonal: 0 is the main one, positive ones lie above it.
 * `[..., M, N] -> [..., M, N]`
 *
 * @throws ShapeError when x has less than two axes.
 */
export function triangularLower(x: Operand, diagonal = 0): Tensor {
  return triangle("triangularLower", x, { diagonal, part: "lower" });
}

/**
 * Matrices with zeros below a diagonal: 0 is the main one, positive ones lie above it.
 * `[..., M, N] -> [..., M, N]`
 *
 * @throws ShapeError when x has less than two axes.
 */
export function triangularUpper(x: Operand, diagonal = 0): Tensor {
  return triangle("triangularUpper", x, { diagonal, part: "upper" });
}
