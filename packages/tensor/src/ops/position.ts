import type { DType } from "../dtype.ts";
import { DTypeError, ShapeError } from "../errors.ts";
import { makeTensor, nondifferentiable, type OpSpec, type Tensor } from "../graph/node.ts";
import { type Shape, typeText } from "../shape.ts";
import { equal, lessEqual } from "./arithmetic.ts";
import { type Operand, requireAxis, toTensor } from "./define.ts";
import { expand, reshape, unsqueeze } from "./movement.ts";
import { cast } from "./select.ts";

/** The numbers from 0; `arange`'s row. The length is a list of one so that an export may leave it free. */
export const arangeSpec: OpSpec<{ readonly length: readonly number[] }> = {
  name: "arange",
  infer: (_, { length }) => [{ shape: length, dtype: "int32" }],
  gradient: nondifferentiable("its values are whole numbers"),
  lower(emit, _, { attributes: { length } }) {
    const end = emit.one("Squeeze", [emit.sizes(length)]);
    const numbers = emit.one("Range", [emit.scalar(0, "int64"), end, emit.scalar(1, "int64")]);
    return [emit.cast(numbers, "int32")];
  },
  flops: () => 0,
};

/**
 * The numbers 0, 1, ... n - 1 as int32. `[] -> [n]`
 *
 * @throws ShapeError when n is negative or no whole number.
 */
export function arange(n: number): Tensor {
  if (!Number.isInteger(n) || n < 0) {
    throw new ShapeError("arange", `the length must be a whole number from 0 up, got ${n}.`, []);
  }
  return makeTensor(arangeSpec, [], { length: [n] });
}

/**
 * Every element's position along an axis, the first unless said, as int32. `[] -> shape`
 *
 * @throws ShapeError when there is no such axis.
 */
export function iota(shape: Shape, axis = 0): Tensor {
  const front = requireAxis("iota", axis, { shape, dtype: "int32" });
  const line = shape.map((size, i) => (i === front ? size : 1));
  return expand(reshape(arange(shape[front] as number), line), shape);
}

/** Whether position i (row) may attend to position j (column): where j <= i. `[] -> bool [length, length]` */
export function causalMask(length: number): Tensor {
  const positions = arange(length);
  return lessEqual(unsqueeze(positions, [0]), unsqueeze(positions, [1]));
}

/**
 * 1 at the place each id names and 0 elsewhere, float32 unless said; an id outside of 0 to depth - 1 gives
 * zeros. `[...] -> [..., depth]`
 *
 * @throws DTypeError when the ids are no int32 or int64.
 */
export function oneHot(ids: Operand, depth: number, dtype: DType = "float32"): Tensor {
  const tensor = toTensor(ids, "int32");
  if (tensor.dtype !== "int32" && tensor.dtype !== "int64") {
    const rule = `ids must be int32 or int64, got x ${typeText(tensor)}; convert with cast.`;
    throw new DTypeError("oneHot", rule, [tensor]);
  }
  const column = unsqueeze(tensor, [-1]);
  return cast(equal(column, cast(arange(depth), tensor.dtype)), dtype);
}
