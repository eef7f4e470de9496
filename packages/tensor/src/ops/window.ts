import { ShapeError } from "../errors.ts";
import { type Shape, type TensorType, typeText } from "../shape.ts";

/** One number for every spatial axis, or one number an axis. */
export type PerAxis = number | readonly number[];

/** Zeros around the space: as many on every side, or by axis, both sides alike or `[before, after]`. */
export type Padding = number | readonly (number | readonly [before: number, after: number])[];

/** Where windows lie over the spatial axes `[B, C, ...space]`. */
export type Windows = {
  readonly stride: readonly number[];
  /** Before every axis, then after every axis. */
  readonly pads: readonly number[];
  readonly dilation: readonly number[];
};

/** How windows are placed by the callers of operations. */
export interface WindowOptions {
  /** Steps between neighbouring windows; 1 unless said. */
  readonly stride?: PerAxis;
  /** What is added around the space; 0 unless said. */
  readonly padding?: Padding;
  /** Steps between neighbouring places of one window; 1 unless said. */
  readonly dilation?: PerAxis;
}

/** The windows that options describe over so many axes. */
export function windowsOf(op: string, options: WindowOptions, type: TensorType): Windows {
  const { stride = 1, padding = 0, dilation = 1 } = options;
  return {
    stride: perAxis(op, "stride", stride, type, 1),
    pads: padsOf(op, padding, type),
    dilation: perAxis(op, "dilation", dilation, type, 1),
  };
}

/** One whole number a spatial axis, none below `least`. */
export function perAxis(
  op: string,
  name: string,
  value: PerAxis,
  type: TensorType,
  least: number,
): readonly number[] {
  const axes = Math.max(type.shape.length - 2, 0);
  const list = typeof value === "number" ? new Array<number>(axes).fill(value) : value;
  if (list.length !== axes || list.some((item) => !Number.isInteger(item) || item < least)) {
    const got = typeof value === "number" ? String(value) : `[${value.join(",")}]`;
    const want = `a whole number from ${least} up, or ${axes} of them, one a spatial axis`;
    throw new ShapeError(op, `${name} is ${got}; x ${typeText(type)} wants ${want}.`, [type]);
  }
  return list;
}

function padsOf(op: string, padding: Padding, type: TensorType): readonly number[] {
  const side = (which: 0 | 1): PerAxis =>
    typeof padding === "number"
      ? padding
      : padding.map((item) => (typeof item === "number" ? item : item[which]));
  return [0, 1].flatMap((which) => perAxis(op, "padding", side(which as 0 | 1), type, 0));
}

/** Steps from the first to the last place of a window, by axis. */
export function reach(kernel: readonly number[], { dilation }: Windows): number[] {
  return kernel.map((size, axis) => (dilation[axis] as number) * (size - 1));
}

/** How far windows can move over each axis: what lies beyond a first window, with the padding. */
function room(space: Shape, kernel: readonly number[], windows: Windows): number[] {
  const reached = reach(kernel, windows);
  return space.map((size, axis) => {
    const before = windows.pads[axis] as number;
    const after = windows.pads[axis + space.length] as number;
    return size + before + after - (reached[axis] as number) - 1;
  });
}

/** How many windows fit over each spatial axis of x. */
export function windowCounts(
  op: string,
  type: TensorType,
  kernel: readonly number[],
  windows: Windows,
): number[] {
  const counts = room(type.shape.slice(2), kernel, windows).map((free, axis) => {
    return Math.floor(free / (windows.stride[axis] as number)) + 1;
  });
  const short = counts.findIndex((count) => count < 1);
  if (short >= 0) {
    const needs = (reach(kernel, windows)[short] as number) + 1;
    const padded =
      (windows.pads[short] as number) + (windows.pads[short + kernel.length] as number);
    const rule = `a window spans ${needs} places of axis ${short + 2}, x ${typeText(type)} has ${type.shape[short + 2]} there and ${padded} of padding; add padding or take a smaller window.`;
    throw new ShapeError(op, rule, [type]);
  }
  return counts;
}

/** What is left over behind the last window of each axis. */
export function remainders(space: Shape, kernel: readonly number[], windows: Windows): number[] {
  return room(space, kernel, windows).map((free, axis) => free % (windows.stride[axis] as number));
}

/** The size that windows which overlap and add up fill: the inverse of counting them. */
export function filledSizes(
  counts: Shape,
  kernel: readonly number[],
  windows: Windows,
  extra: readonly number[],
): number[] {
  const reached = reach(kernel, windows);
  return counts.map((count, axis) => {
    const pads = (windows.pads[axis] as number) + (windows.pads[axis + counts.length] as number);
    const span = (count - 1) * (windows.stride[axis] as number) + (reached[axis] as number) + 1;
    return span - pads + (extra[axis] as number);
  });
}
