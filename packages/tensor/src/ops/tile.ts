import { ShapeError } from "../errors.ts";
import { makeTensor, type OpSpec, type Tensor } from "../graph/node.ts";
import type { TensorType } from "../shape.ts";
import { typeText } from "../shape.ts";
import { type Operand, toTensor } from "./define.ts";

/** Copies side by side; `tile`'s row. */
export const tileSpec: OpSpec<{ readonly repeats: readonly number[] }> = {
  name: "tile",
  infer([x], { repeats }) {
    const { shape, dtype } = x as TensorType;
    return [{ shape: shape.map((size, axis) => size * (repeats[axis] as number)), dtype }];
  },
  gradient: "expansion",
  expand([x], { repeats }, ops) {
    const { shape } = x as Tensor;
    const apart = ops.reshape(
      x as Tensor,
      shape.flatMap((size) => [1, size]),
    );
    const copies = ops.expand(
      apart,
      shape.flatMap((size, axis) => [repeats[axis] as number, size]),
    );
    const full = shape.map((size, axis) => size * (repeats[axis] as number));
    return [ops.reshape(copies, full)];
  },
  lower: (emit, [x], { attributes: { repeats } }) => [
    emit.one("Tile", [x as string, emit.sizes(repeats)]),
  ],
  flops: () => 0,
};

/**
 * x repeated along each axis as often as said. `[H, W], [2, 1] -> [2 H, W]`
 *
 * @throws ShapeError when there is not one number an axis.
 */
export function tile(x: Operand, repeats: readonly number[]): Tensor {
  const tensor = toTensor(x);
  const isWhole = repeats.every((times) => Number.isInteger(times) && times >= 0);
  if (repeats.length !== tensor.shape.length || !isWhole) {
    const rule = `needs a number of times for each axis of x ${typeText(tensor)}, got [${repeats.join(",")}].`;
    throw new ShapeError("tile", rule, [tensor]);
  }
  if (repeats.every((times) => times === 1)) return tensor;
  return makeTensor(tileSpec, [tensor], { repeats });
}
