import { type DType, shortName } from "./dtype.ts";

/** Sizes of a tensor's axes, outermost first; `[]` is a scalar. */
export type Shape = readonly number[];

/** What is known of a tensor before it is computed. */
export interface TensorType {
  readonly shape: Shape;
  readonly dtype: DType;
}

/** Number of elements: the product of the sizes, 1 for a scalar. */
export function sizeOf(shape: Shape): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** Whether two shapes agree axis by axis. */
export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}

/** A type as messages and printed graphs show it: `f32[2,3]`. */
export function typeText({ dtype, shape }: TensorType): string {
  return `${shortName(dtype)}[${shape.join(",")}]`;
}

/** Elements between neighbours along each axis of a contiguous row-major tensor. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length).fill(1);
  for (let axis = shape.length - 2; axis >= 0; axis--) {
    strides[axis] = (strides[axis + 1] as number) * (shape[axis + 1] as number);
  }
  return strides;
}

/** The shape that two shapes broadcast to (sizes equal, or 1, aligned at the last axis), or undefined. */
export function broadcast(a: Shape, b: Shape): Shape | undefined {
  const rank = Math.max(a.length, b.length);
  const result = new Array<number>(rank);
  for (let axis = 0; axis < rank; axis++) {
    const left = a[axis - rank + a.length] ?? 1;
    const right = b[axis - rank + b.length] ?? 1;
    if (left !== right && left !== 1 && right !== 1) return undefined;
    result[axis] = left === 1 ? right : left;
  }
  return result;
}

/** The axes of `to` along which a tensor of shape `from` is repeated when broadcast to `to`. */
export function broadcastAxes(from: Shape, to: Shape): number[] {
  const lead = to.length - from.length;
  return to.flatMap((size, axis) => {
    const repeated = axis < lead || (from[axis - lead] === 1 && size !== 1);
    return repeated ? [axis] : [];
  });
}

/** An axis counted from the front: `-1` becomes `rank - 1`; undefined where there is no such axis. */
export function frontAxis(axis: number, rank: number): number | undefined {
  const front = axis < 0 ? axis + rank : axis;
  return Number.isInteger(axis) && front >= 0 && front < rank ? front : undefined;
}
