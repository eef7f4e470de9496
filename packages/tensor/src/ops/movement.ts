import { ShapeError } from "../errors.ts";
import { makeTensor, type OpSpec, type Tensor } from "../graph/node.ts";
import {
  broadcast,
  frontAxis,
  type Shape,
  sameShape,
  sizeOf,
  type TensorType,
  typeText,
} from "../shape.ts";
import { type Operand, requireAxis, toTensor } from "./define.ts";

/** The same values in the same order under another shape; `reshape`'s row. */
export const reshapeSpec: OpSpec<{ readonly shape: Shape }> = {
  name: "reshape",
  infer([x], { shape }) {
    const from = x as TensorType;
    if (sizeOf(from.shape) !== sizeOf(shape)) {
      throw new ShapeError(
        "reshape",
        `x ${typeText(from)} has ${sizeOf(from.shape)} values, [${shape.join(",")}] has ${sizeOf(shape)}.`,
        [from],
      );
    }
    return [{ shape, dtype: from.dtype }];
  },
  gradient: ({ inputs: [x], dy }, ops) => [ops.reshape(dy, x.shape)],
  lower: (emit, [x], { attributes }) => [
    emit.one("Reshape", [x as string, emit.sizes(attributes.shape)], { allowzero: 1 }),
  ],
  flops: () => 0,
};

/**
 * The same values in the same order under another shape; one size may be -1, to be worked out.
 *
 * @throws ShapeError when the counts of values differ.
 */
export function reshape(x: Operand, shape: Shape): Tensor {
  const tensor = toTensor(x);
  const known = shape.filter((size) => size !== -1);
  const rest = sizeOf(tensor.shape) / sizeOf(known);
  if (known.length < shape.length - 1 || (known.length < shape.length && !Number.isInteger(rest))) {
    const rule = `[${shape.join(",")}] does not say how x ${typeText(tensor)} is to be laid out.`;
    throw new ShapeError("reshape", rule, [tensor]);
  }
  const full = shape.map((size) => (size === -1 ? rest : size));
  return sameShape(full, tensor.shape)
    ? tensor
    : makeTensor(reshapeSpec, [tensor], { shape: full });
}

/** Axes in another order; `transpose`'s row. */
export const transposeSpec: OpSpec<{ readonly permutation: readonly number[] }> = {
  name: "transpose",
  infer([x], { permutation }) {
    const { shape, dtype } = x as TensorType;
    return [{ shape: permutation.map((axis) => shape[axis] as number), dtype }];
  },
  gradient: ({ dy, attributes: { permutation } }, ops) => [
    ops.transpose(dy, inversePermutation(permutation)),
  ],
  lower: (emit, [x], { attributes: { permutation } }) => [
    emit.one("Transpose", [x as string], { perm: permutation }),
  ],
  flops: () => 0,
};

/** The permutation that undoes another. */
export function inversePermutation(permutation: readonly number[]): number[] {
  return permutation.map((_, axis) => permutation.indexOf(axis));
}

/**
 * Axes in another order: axis i of the result is axis `permutation[i]` of x. Without a permutation the last
 * two are exchanged.
 *
 * @throws ShapeError when the permutation does not name every axis once.
 */
export function transpose(x: Operand, permutation?: readonly number[]): Tensor {
  const tensor = toTensor(x);
  const rank = tensor.shape.length;
  const axes = tensor.shape.map((_, axis) => axis);
  const order = permutation ?? [...axes.slice(0, -2), ...axes.slice(-2).reverse()];
  const front = order.map((axis) => requireAxis("transpose", axis, tensor));
  if (front.length !== rank || new Set(front).size !== rank) {
    const rule = `[${order.join(",")}] must name each of the ${rank} axes of x ${typeText(tensor)} once.`;
    throw new ShapeError("transpose", rule, [tensor]);
  }
  if (front.every((axis, i) => axis === i)) return tensor;
  return makeTensor(transposeSpec, [tensor], { permutation: front });
}

/** Repeats along axes of size 1; `expand`'s row. */
export const expandSpec: OpSpec<{ readonly shape: Shape }> = {
  name: "expand",
  infer([x], { shape }) {
    const { shape: from, dtype } = x as TensorType;
    const to = broadcast(from, shape);
    if (!to || !sameShape(to, shape)) {
      const rule = `x ${typeText(x as TensorType)} does not broadcast to [${shape.join(",")}].`;
      throw new ShapeError("expand", rule, [x as TensorType]);
    }
    return [{ shape, dtype }];
  },
  gradient: ({ inputs: [x], dy }, ops) => [ops.sumTo(dy, x.shape)],
  lower: (emit, [x], { attributes: { shape } }) => [
    emit.one("Expand", [x as string, emit.sizes(shape)]),
  ],
  flops: () => 0,
};

/** Repeats along axes of size 1, and in front, until x has the shape. `[1, D] -> [T, D]` */
export function expand(x: Operand, shape: Shape): Tensor {
  const tensor = toTensor(x);
  return sameShape(tensor.shape, shape) ? tensor : makeTensor(expandSpec, [tensor], { shape });
}

/**
 * Without the named axes, which have size 1; all such axes unless said. `[1, D, 1] -> [D]`
 *
 * @throws ShapeError when there is no such axis or its size is not 1.
 */
export function squeeze(x: Operand, axes?: readonly number[]): Tensor {
  const tensor = toTensor(x);
  const { shape } = tensor;
  const removed = axes?.map((axis) => requireAxis("squeeze", axis, tensor));
  const wide = removed?.find((axis) => shape[axis] !== 1);
  if (wide !== undefined) {
    const rule = `axis ${wide} of x ${typeText(tensor)} has ${shape[wide]}; only axes of size 1 can go.`;
    throw new ShapeError("squeeze", rule, [tensor]);
  }
  const stays = (size: number, axis: number): boolean =>
    removed ? !removed.includes(axis) : size !== 1;
  return reshape(tensor, shape.filter(stays));
}

/**
 * With new axes of size 1, at these positions of the result. `[D], [0] -> [1, D]`
 *
 * @throws ShapeError when the result has no such axis, or one is named twice.
 */
export function unsqueeze(x: Operand, axes: readonly number[]): Tensor {
  const tensor = toTensor(x);
  const rank = tensor.shape.length + axes.length;
  const added = new Set(axes.map((axis) => frontAxis(axis, rank)));
  if (added.has(undefined) || added.size !== axes.length) {
    const rule = `axes [${axes.join(",")}] must each be there once in a result of ${rank} axes, x is ${typeText(tensor)}.`;
    throw new ShapeError("unsqueeze", rule, [tensor]);
  }
  const sizes = [...tensor.shape];
  const shape = Array.from({ length: rank }, (_, axis) =>
    added.has(axis) ? 1 : (sizes.shift() as number),
  );
  return reshape(tensor, shape);
}
