// B batch, T length, H heads, K width of a head

import { operandsText, ShapeError } from "../errors.ts";
import { makeTensor, type OpSpec, type Tensor } from "../graph/node.ts";
import { hostTensor } from "../host.ts";
import type { TensorType } from "../shape.ts";
import { type Operand, requireClass, requireSameDType, toTensors } from "./define.ts";

/** Which values of a head are rotated together. */
export type RotaryLayout = "halves" | "pairs";

type RotaryAttributes = {
  readonly layout: RotaryLayout;
  /** `[B T, K / 2]`, or `[T, K / 2]` where all examples share the angles. */
  readonly table: readonly number[];
  /** `[B, T]`: the places of tokens in the table; none where all examples share it. */
  readonly places: readonly number[];
};

/** Rotations in planes by angles; `rotate`'s row. */
export const rotateSpec: OpSpec<RotaryAttributes> = {
  name: "rotate",
  infer(inputs) {
    const [x, cosines, sines] = inputs as readonly [TensorType, TensorType, TensorType];
    requireClass("rotate", inputs, "float");
    requireSameDType("rotate", inputs);
    const [batch, length, width = 0] = x.shape;
    const fits = [cosines, sines].every(
      ({ shape }) =>
        shape.length === 3 &&
        (shape[0] === 1 || shape[0] === batch) &&
        shape[1] === length &&
        width % (2 * (shape[2] as number)) === 0,
    );
    if (x.shape.length !== 3 || !fits) {
      const rule = `needs x [B, T, H K], cosines and sines [1 or B, T, K/2], got ${operandsText(inputs)}.`;
      throw new ShapeError("rotate", rule, inputs);
    }
    return [x];
  },
  // A rotation's transpose is the rotation back.
  gradient: ({ inputs: [, cosines, sines], dy, attributes: { layout } }, ops) => [
    ops.rotate(dy, cosines, ops.neg(sines), layout),
    undefined,
    undefined,
  ],
  lower(emit, [x, cosines, sines], { attributes: { layout, table, places } }) {
    const [cos, sin] = [cosines, sines].map((values) =>
      emit.one("Reshape", [values as string, emit.sizes(table)]),
    );
    const flags = { interleaved: Number(layout === "pairs") };
    const given = [x as string, placesOf(emit, places), cos as string, sin as string];
    return [emit.one("RotaryEmbedding", given, flags, "com.microsoft")];
  },
  flops: ([x]) => 3 * (x as TensorType).shape.reduce((size, length) => size * length, 1),
};

/** The row of the table that each token takes: in their order, or from the first one on for every example. */
function placesOf(emit: Parameters<typeof rotateSpec.lower>[0], places: readonly number[]): string {
  if (places.length === 0) return emit.constant(hostTensor([0], [1], "int64"));
  const sizes = emit.sizes(places);
  const count = emit.one("ReduceProd", [sizes], { keepdims: 0 });
  const numbers = emit.one("Range", [emit.scalar(0, "int64"), count, emit.scalar(1, "int64")]);
  return emit.one("Reshape", [numbers, sizes]);
}

/**
 * Rotates the values of every head in planes, each token by angles of its own (Su et al. 2021, eq. 34). A plane
 * is made of a value of a head's first half and one of its second (`"halves"`), or of neighbours (`"pairs"`).
 * Gradients flow to x alone. `x [B, T, H K], cosines and sines [1 or B, T, K/2] -> [B, T, H K]`
 *
 * @throws ShapeError when cosines and sines do not fit x.
 */
export function rotate(
  x: Operand,
  cosines: Operand,
  sines: Operand,
  layout: RotaryLayout = "halves",
): Tensor {
  const inputs = toTensors([x, cosines, sines]) as [Tensor, Tensor, Tensor];
  const [batch = 1, length = 1, half = 1] = inputs[1].shape;
  const isShared = batch === 1;
  return makeTensor(rotateSpec, inputs, {
    layout,
    table: [batch * length, half],
    places: isShared ? [] : [batch, length],
  });
}
