import { ShapeError } from "../errors.ts";
import { makeTensor, type OpSpec, type Ops, type Tensor } from "../graph/node.ts";
import type { TensorType } from "../shape.ts";
import { typeText } from "../shape.ts";
import { type Operand, requireAxis, toTensor } from "./define.ts";

/** What a slice takes besides its bounds. */
export interface SliceOptions {
  /** The axes that the bounds speak of; the first ones unless said. */
  readonly axes?: readonly number[];
  /** Distances between what is taken; 1 unless said, backwards where negative. */
  readonly steps?: readonly number[];
}

type SliceAttributes = {
  readonly axes: readonly number[];
  readonly starts: readonly number[];
  readonly ends: readonly number[];
  readonly steps: readonly number[];
};

/** How many elements lie between normal bounds. */
function countBetween(start: number, end: number, step: number, size: number): number {
  const stop = end < 0 ? end + size : end;
  return Math.max(0, Math.ceil((stop - start) / step));
}

/** Elements at even distances along axes; `slice`'s row. An end of `-size - 1` means before the first. */
export const sliceSpec: OpSpec<SliceAttributes> = {
  name: "slice",
  infer([x], { axes, starts, ends, steps }) {
    const { shape, dtype } = x as TensorType;
    const taken = [...shape];
    axes.forEach((axis, i) => {
      const bounds = [starts[i], ends[i], steps[i]] as [number, number, number];
      taken[axis] = countBetween(...bounds, shape[axis] as number);
    });
    return [{ shape: taken, dtype }];
  },
  gradient({ inputs: [x], attributes, dy }, ops) {
    const { axes, starts, ends, steps } = attributes;
    const before = x.shape.map(() => 0);
    const after = x.shape.map(() => 0);
    let spread = dy;
    axes.forEach((axis, i) => {
      const count = dy.shape[axis] as number;
      const size = x.shape[axis] as number;
      const step = steps[i] as number;
      const first = starts[i] as number;
      if (step !== 1) spread = dilate(spread, axis, step, ops);
      const low = step < 0 ? first + (count - 1) * step : first;
      before[axis] = low;
      after[axis] = step === 1 ? size - (ends[i] as number) : size - low - lengthOf(count, step);
    });
    return [ops.pad(spread, { before, after })];
  },
  lower: (emit, [x], { attributes: { axes, starts, ends, steps } }) => [
    emit.one("Slice", [
      x as string,
      emit.sizes(starts),
      emit.sizes(ends),
      emit.sizes(axes),
      emit.sizes(steps),
    ]),
  ],
  flops: () => 0,
};

/** The stretch that `count` elements at distance `step` cover. */
function lengthOf(count: number, step: number): number {
  return (count - 1) * Math.abs(step) + 1;
}

/** Moves the elements of an axis `step` apart with zeros between, turned round where the step is negative. */
function dilate(x: Tensor, axis: number, step: number, ops: Ops): Tensor {
  const { shape } = x;
  const count = shape[axis] as number;
  const apart = Math.abs(step);
  const forward = step < 0 ? ops.flip(x, [axis]) : x;
  if (apart === 1) return forward;
  const split = ops.reshape(forward, [...shape.slice(0, axis + 1), 1, ...shape.slice(axis + 1)]);
  const none = split.shape.map(() => 0);
  const spaced = ops.pad(split, { before: none, after: none.with(axis + 1, apart - 1) });
  const joined = ops.reshape(spaced, shape.with(axis, count * apart));
  return ops.slice(joined, [0], [lengthOf(count, step)], { axes: [axis] });
}

/** A bound as Python reads it: from the back where negative, cut to what is there. */
function bound(value: number, size: number, lowest: number, highest: number): number {
  return Math.min(Math.max(value < 0 ? value + size : value, lowest), highest);
}

/** Bounds cut to an axis; nothing taken is `0, 0, 1`. */
function normalBounds(
  start: number,
  end: number,
  step: number,
  size: number,
): [start: number, end: number, step: number] {
  const isBack = step < 0;
  const from = bound(start, size, isBack ? -1 : 0, isBack ? size - 1 : size);
  const to = bound(end, size, isBack ? -1 : 0, isBack ? size - 1 : size);
  if ((to - from) / step <= 0) return [0, 0, 1];
  return [from, to === -1 ? -size - 1 : to, step];
}

function requireBounds(x: TensorType, counts: readonly number[], axes: readonly number[]): void {
  if (new Set(axes).size !== axes.length || counts.some((count) => count !== axes.length)) {
    const rule = `needs a start, an end and a step for each axis of [${axes.join(",")}], each axis once, in x ${typeText(x)}.`;
    throw new ShapeError("slice", rule, [x]);
  }
}

/**
 * The elements from each start up to, without, each end, as Python slices count: negative bounds from the back,
 * bounds past the end cut. With a negative step, an end below `-size` means the first element is taken too.
 * `[5, D], starts [1], ends [4] -> [3, D]`
 *
 * @throws ShapeError when there is no such axis, an axis has not its start, end and step, or a step is 0.
 */
export function slice(
  x: Operand,
  starts: readonly number[],
  ends: readonly number[],
  options: SliceOptions = {},
): Tensor {
  const tensor = toTensor(x);
  const named = options.axes ?? starts.map((_, axis) => axis);
  const axes = named.map((axis) => requireAxis("slice", axis, tensor));
  const steps = options.steps ?? starts.map(() => 1);
  requireBounds(tensor, [starts.length, ends.length, steps.length], axes);
  if (steps.some((step) => step === 0 || !Number.isInteger(step))) {
    const rule = `steps are whole numbers other than 0, got [${steps.join(",")}] for x ${typeText(tensor)}.`;
    throw new ShapeError("slice", rule, [tensor]);
  }
  const bounds = axes.map((axis, i) => {
    const given = [starts[i], ends[i], steps[i]] as [number, number, number];
    return normalBounds(...given, tensor.shape[axis] as number);
  });
  const isWhole = bounds.every(
    ([start, end, step], i) => start === 0 && end === tensor.shape[axes[i] as number] && step === 1,
  );
  if (isWhole) return tensor;
  return makeTensor(sliceSpec, [tensor], {
    axes,
    starts: bounds.map(([start]) => start),
    ends: bounds.map(([, end]) => end),
    steps: bounds.map(([, , step]) => step),
  });
}

/**
 * The same values with axes turned round; all of them unless said. `[...] -> [...]`
 *
 * @throws ShapeError when there is no such axis.
 */
export function flip(x: Operand, axes?: readonly number[]): Tensor {
  const tensor = toTensor(x);
  const turned = (axes ?? tensor.shape.map((_, axis) => axis)).filter(
    (axis) => tensor.shape[requireAxis("flip", axis, tensor)] !== 0,
  );
  const starts = turned.map(() => -1);
  const ends = turned.map((axis) => -(tensor.shape.at(axis) as number) - 1);
  return slice(tensor, starts, ends, { axes: turned, steps: starts });
}
