import { ShapeError } from "../errors.ts";
import { makeTensor, type OpSpec, type Ops, type Tensor } from "../graph/node.ts";
import type { TensorType } from "../shape.ts";
import { typeText } from "../shape.ts";
import { type Operand, toTensor } from "./define.ts";

/** What stands in a border: a number, the values mirrored at the edge, or the edge repeated. */
export type PadMode = "constant" | "reflect" | "edge";

/** How wide a border is, and what stands in it. */
export interface PadOptions {
  /** How many elements come before each axis. */
  readonly before: readonly number[];
  /** How many elements come after each axis. */
  readonly after: readonly number[];
  /** What stands in the border; a constant unless said. */
  readonly mode?: PadMode;
  /** The constant; 0 unless said. */
  readonly value?: number;
}

type PadAttributes = {
  /** How many come before each axis, then how many come after each. */
  readonly pads: readonly number[];
  readonly value: number;
};

/** The type with a border round it. */
function inferBordered([x]: readonly TensorType[], { pads }: PadAttributes): TensorType[] {
  const { shape, dtype } = x as TensorType;
  const width = (axis: number): number =>
    (pads[axis] as number) + (pads[axis + shape.length] as number);
  return [{ shape: shape.map((size, axis) => size + width(axis)), dtype }];
}

/** A border of one number; `pad`'s row. */
export const padSpec: OpSpec<PadAttributes> = {
  name: "pad",
  infer: inferBordered,
  gradient({ inputs: [x], dy, attributes: { pads } }, ops) {
    const starts = x.shape.map((_, axis) => pads[axis] as number);
    const ends = x.shape.map((size, axis) => size + (pads[axis] as number));
    return [ops.slice(dy, starts, ends)];
  },
  lower: (emit, [x], { inputs, attributes: { pads, value } }) => [
    emit.one("Pad", [
      x as string,
      emit.sizes(pads),
      emit.scalar(value, (inputs[0] as TensorType).dtype),
    ]),
  ],
  flops: () => 0,
};

/** What stands `count` wide at one side of an axis. */
type Border = (
  x: Tensor,
  axis: number,
  side: "before" | "after",
  count: number,
  ops: Ops,
) => Tensor;

/** The row of a border made of the values themselves. */
function copiedSpec(mode: PadMode, border: Border): OpSpec<PadAttributes> {
  return {
    name: `pad ${mode}`,
    infer: inferBordered,
    gradient: "expansion",
    expand([x], { pads }, ops) {
      let padded = x as Tensor;
      const rank = padded.shape.length;
      for (let axis = 0; axis < rank; axis++) {
        const [before, after] = [pads[axis], pads[axis + rank]] as [number, number];
        const parts = [padded];
        if (before > 0) parts.unshift(border(padded, axis, "before", before, ops));
        if (after > 0) parts.push(border(padded, axis, "after", after, ops));
        padded = ops.concat(parts, axis);
      }
      return [padded];
    },
    lower: (emit, [x], { attributes: { pads } }) => [
      emit.one("Pad", [x as string, emit.sizes(pads)], { mode }),
    ],
    flops: () => 0,
  };
}

/** A border that mirrors the values without the edge; `pad`'s row where the mode is reflect. */
export const padReflectSpec = copiedSpec("reflect", (x, axis, side, count, ops) => {
  const last = (x.shape[axis] as number) - 1;
  const lowest = side === "before" ? 1 : last - count;
  const mirrored = ops.slice(x, [lowest], [lowest + count], { axes: [axis] });
  return ops.flip(mirrored, [axis]);
});

/** A border that repeats the edge; `pad`'s row where the mode is edge. */
export const padEdgeSpec = copiedSpec("edge", (x, axis, side, count, ops) => {
  const edge = side === "before" ? 0 : (x.shape[axis] as number) - 1;
  return ops.expand(ops.slice(x, [edge], [edge + 1], { axes: [axis] }), x.shape.with(axis, count));
});

const specs = { constant: padSpec, reflect: padReflectSpec, edge: padEdgeSpec };

/** Refuses widths that are not one an axis, or more than the values can fill. */
function requireWidths(x: TensorType, { before, after, mode = "constant" }: PadOptions): void {
  const rank = x.shape.length;
  const widths = [...before, ...after];
  const text = `before [${before.join(",")}], after [${after.join(",")}]`;
  const isWhole = widths.every((width) => Number.isInteger(width) && width >= 0);
  if (before.length !== rank || after.length !== rank || !isWhole) {
    const rule = `needs a width from 0 up for each of the ${rank} axes of x ${typeText(x)}, got ${text}.`;
    throw new ShapeError("pad", rule, [x]);
  }
  if (mode === "constant") return;
  const limit = (size: number): number => {
    if (mode === "reflect") return Math.max(0, size - 1);
    return size === 0 ? 0 : Number.POSITIVE_INFINITY;
  };
  if (widths.some((width, i) => width > limit(x.shape[i % rank] as number))) {
    const most = mode === "reflect" ? "less than its axis's size" : "0 where its axis is empty";
    const rule = `mode ${mode} takes widths ${most}, got ${text} for x ${typeText(x)}.`;
    throw new ShapeError("pad", rule, [x]);
  }
}

/**
 * A border round x. `[H, W] -> [before + H + after, before + W + after]`
 *
 * @throws ShapeError when there is not one width an axis, or the border mirrors or repeats more than there is.
 */
export function pad(x: Operand, options: PadOptions): Tensor {
  const tensor = toTensor(x);
  const { before, after, mode = "constant", value = 0 } = options;
  requireWidths(tensor, options);
  const pads = [...before, ...after];
  if (pads.every((width) => width === 0)) return tensor;
  return makeTensor(specs[mode], [tensor], { pads, value });
}
