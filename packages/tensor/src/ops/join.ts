import { ShapeError } from "../errors.ts";
import { makeNode, makeTensor, type OpSpec, type Tensor } from "../graph/node.ts";
import type { TensorType } from "../shape.ts";
import { sameShape, typeText } from "../shape.ts";
import { type Operand, requireAxis, requireSameDType, toTensor, toTensors } from "./define.ts";
import { unsqueeze } from "./movement.ts";
import { slice } from "./slice.ts";

/** Types as a message lists them, however many. */
function listText(types: readonly TensorType[]): string {
  return types.map(typeText).join(", ");
}

/** Tensors one after the other along an axis; `concat`'s row. */
export const concatSpec: OpSpec<{ readonly axis: number }> = {
  name: "concat",
  infer(inputs, { axis }) {
    const dtype = requireSameDType("concat", inputs);
    const first = inputs[0] as TensorType;
    if (inputs.some(({ shape }) => !sameShape(shape.with(axis, 0), first.shape.with(axis, 0)))) {
      const rule = `sizes other than along axis ${axis} differ: ${listText(inputs)}.`;
      throw new ShapeError("concat", rule, inputs);
    }
    const total = inputs.reduce((sum, { shape }) => sum + (shape[axis] as number), 0);
    return [{ shape: first.shape.with(axis, total), dtype }];
  },
  gradient({ inputs, dy, attributes: { axis } }, ops) {
    let start = 0;
    return inputs.map(({ shape }) => {
      const end = start + (shape[axis] as number);
      const part = ops.slice(dy, [start], [end], { axes: [axis] });
      start = end;
      return part;
    });
  },
  lower: (emit, inputs, { attributes: { axis } }) => [emit.one("Concat", inputs, { axis })],
  flops: () => 0,
};

/**
 * Tensors one after the other along an axis, the first unless said. `[2, D], [3, D] -> [5, D]`
 *
 * @throws ShapeError when there are none, their ranks differ, or sizes of other axes differ.
 */
export function concat(tensors: readonly Operand[], axis = 0): Tensor {
  const parts = toTensors(tensors);
  const first = parts[0];
  if (!first) throw new ShapeError("concat", "needs at least one tensor.", []);
  if (parts.some(({ shape }) => shape.length === 0)) {
    throw new ShapeError("concat", `takes no scalars, got ${listText(parts)}; use stack.`, parts);
  }
  if (parts.some(({ shape }) => shape.length !== first.shape.length)) {
    throw new ShapeError("concat", `numbers of axes differ: ${listText(parts)}.`, parts);
  }
  const front = requireAxis("concat", axis, first);
  return parts.length === 1 ? first : makeTensor(concatSpec, parts, { axis: front });
}

/**
 * Tensors of one shape along a new axis, the first unless said. `[D], [D] -> [2, D]`
 *
 * @throws ShapeError when there are none or their shapes differ.
 */
export function stack(tensors: readonly Operand[], axis = 0): Tensor {
  const parts = toTensors(tensors);
  const first = parts[0];
  if (!first) throw new ShapeError("stack", "needs at least one tensor.", []);
  if (parts.some(({ shape }) => !sameShape(shape, first.shape))) {
    throw new ShapeError("stack", `shapes differ: ${listText(parts)}.`, parts);
  }
  return concat(
    parts.map((part) => unsqueeze(part, [axis])),
    axis,
  );
}

type SplitAttributes = { readonly axis: number; readonly sizes: readonly number[] };

/** A tensor cut along an axis, an output a part; `split`'s row. */
export const splitSpec: OpSpec<SplitAttributes> = {
  name: "split",
  infer([x], { axis, sizes }) {
    const { shape, dtype } = x as TensorType;
    return sizes.map((size) => ({ shape: shape.with(axis, size), dtype }));
  },
  gradient({ outputs, gradients, attributes: { axis } }, ops) {
    const parts = outputs.map((output, i) => gradients[i] ?? ops.zerosLike(output));
    return [ops.concat(parts, axis)];
  },
  lower: (emit, [x], { attributes: { axis, sizes } }) =>
    emit.many("Split", [x as string, emit.sizes(sizes)], sizes.length, { axis }),
  flops: () => 0,
};

/**
 * Cuts along an axis, the first unless said, into a number of equal parts or into parts of the given sizes.
 * `[6, D], 3 -> [2, D], [2, D], [2, D]`
 *
 * @throws ShapeError when there is no such axis or the parts do not add up to its size.
 */
export function split(x: Operand, parts: number | readonly number[], axis = 0): Tensor[] {
  const tensor = toTensor(x);
  const front = requireAxis("split", axis, tensor);
  const size = tensor.shape[front] as number;
  const sizes =
    typeof parts === "number"
      ? Array.from({ length: Math.max(0, parts) }, () => size / parts)
      : parts;
  const isFull = sizes.reduce((total, part) => total + part, 0) === size;
  if (!isFull || sizes.some((part) => !Number.isInteger(part) || part < 0)) {
    const how =
      typeof parts === "number" ? `${parts} equal parts` : `parts of [${parts.join(",")}]`;
    const rule = `axis ${front} of x ${typeText(tensor)} has ${size}, which does not give ${how}.`;
    throw new ShapeError("split", rule, [tensor]);
  }
  if (sizes.length === 1) return [tensor];
  return [...makeNode(splitSpec, [tensor], { axis: front, sizes }).outputs];
}

/**
 * Shifts along axes, what leaves at the end coming in at the front. `[...] -> [...]`
 *
 * @throws ShapeError when there is no such axis, or not one shift an axis.
 */
export function roll(x: Operand, shifts: readonly number[], axes: readonly number[]): Tensor {
  const tensor = toTensor(x);
  if (shifts.length !== axes.length) {
    const rule = `needs a shift for each axis, got shifts [${shifts.join(",")}] for axes [${axes.join(",")}].`;
    throw new ShapeError("roll", rule, [tensor]);
  }
  return axes.reduce<Tensor>((rolled, axis, i) => {
    const size = tensor.shape[requireAxis("roll", axis, tensor)] as number;
    const cut = size === 0 ? 0 : ((-(shifts[i] as number) % size) + size) % size;
    if (cut === 0) return rolled;
    const tail = slice(rolled, [cut], [size], { axes: [axis] });
    return concat([tail, slice(rolled, [0], [cut], { axes: [axis] })], axis);
  }, tensor);
}
