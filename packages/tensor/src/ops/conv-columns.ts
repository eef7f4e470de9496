import type { Emit } from "../graph/emit.ts";
import { hostTensor } from "../host.ts";
import { type Shape, sizeOf } from "../shape.ts";
import type { Windows } from "./window.ts";

/** A window of more places than this along the last axis is gathered at once, not cut place by place. */
const mostSlices = 32;

/** Windows over an input whose sizes are known. */
export type Patches = Windows & {
  readonly channels: number;
  readonly kernel: readonly number[];
  readonly counts: Shape;
};

/** Pads the spatial axes with zeros. All axes are named: ONNX Runtime moves a pad of some past transposes wrongly. */
function padded(emit: Emit, x: string, { pads }: Windows): string {
  if (pads.every((size) => size === 0)) return x;
  const [before, after] = [pads.slice(0, pads.length / 2), pads.slice(pads.length / 2)];
  const all = emit.sizes([0, 0, ...before, 0, 0, ...after]);
  return emit.one("Pad", [x, all, emit.scalar(0, "float32")]);
}

/** For each place of a window the positions of all windows along one axis. `[kernel, count]` */
function positions(kernel: number, count: number, stride: number, dilation: number): number[] {
  return Array.from({ length: kernel * count }, (_, i) => {
    return Math.floor(i / count) * dilation + (i % count) * stride;
  });
}

/**
 * What every window sees, side by side: `[B, C, ...space] -> [B, C, places, windows]`. Rows are gathered whole
 * and the last axis is cut in strides, which on a processor is twice as fast as gathering or cutting alone.
 */
export function emitColumns(emit: Emit, x: string, patches: Patches): string {
  const { channels, kernel, counts } = patches;
  const last = kernel.length - 1;
  let rows = padded(emit, x, patches);
  for (let axis = 0; axis < last; axis++) {
    const [size, count] = [kernel[axis] as number, counts[axis] as number];
    const at = positions(
      size,
      count,
      patches.stride[axis] as number,
      patches.dilation[axis] as number,
    );
    const index = emit.constant(hostTensor(at, [size, count], "int64"));
    rows = emit.one("Gather", [rows, index], { axis: 2 + 2 * axis });
  }
  if (last === 2) rows = emit.one("Transpose", [rows], { perm: [0, 1, 2, 4, 3, 5, 6] });
  const before = sizeOf(kernel.slice(0, last));
  const size = kernel[last] as number;
  const shape = emit.sizes([0, channels, before * size, sizeOf(counts)]);
  const columns = size > mostSlices ? gatherLast : cutLast;
  return emit.one("Reshape", [columns(emit, rows, patches), shape]);
}

function cutLast(
  emit: Emit,
  rows: string,
  { channels, kernel, counts, stride, dilation }: Patches,
): string {
  const last = kernel.length - 1;
  const step = stride[last] as number;
  const span = ((counts[last] as number) - 1) * step + 1;
  const shape = [0, channels, sizeOf(kernel.slice(0, last)), 1, sizeOf(counts)];
  const parts = Array.from({ length: kernel[last] as number }, (_, place) => {
    const from = place * (dilation[last] as number);
    const bounds = [[from], [from + span], [2 + 2 * last], [step]].map((at) => emit.sizes(at));
    return emit.one("Reshape", [emit.one("Slice", [rows, ...bounds]), emit.sizes(shape)]);
  });
  return parts.length === 1 ? (parts[0] as string) : emit.one("Concat", parts, { axis: 3 });
}

function gatherLast(
  emit: Emit,
  rows: string,
  { channels, kernel, counts, stride, dilation }: Patches,
): string {
  const last = kernel.length - 1;
  const [size, count] = [kernel[last] as number, counts[last] as number];
  const at = positions(size, count, stride[last] as number, dilation[last] as number);
  const index = emit.constant(hostTensor(at, [size, count], "int64"));
  const all = emit.one("Gather", [rows, index], { axis: 2 + 2 * last });
  const shape = [
    0,
    channels,
    sizeOf(kernel.slice(0, last)),
    sizeOf(counts.slice(0, last)),
    size,
    count,
  ];
  const split = emit.one("Reshape", [all, emit.sizes(shape)]);
  return emit.one("Transpose", [split], { perm: [0, 1, 2, 4, 3, 5] });
}

/** Sizes of the products of result gradients and patches. */
export interface PatchProducts {
  readonly images: number;
  readonly groups: number;
  /** Result channels of one group. */
  readonly rows: number;
  /** Places of a window times input channels of one group. */
  readonly columns: number;
  readonly windows: number;
}

/** Σ over images and windows of result gradient times patch, group by group: `[groups, rows, columns]`. */
export function emitPatchProducts(
  emit: Emit,
  [dy, patches]: readonly [string, string],
  { images, groups, rows, columns, windows }: PatchProducts,
): string {
  const product = (left: string, right: string): string =>
    emit.one("FusedMatMul", [left, right], { transA: 0, transB: 1 }, "com.microsoft");
  const byGroup = (name: string, size: number): string =>
    emit.one("Reshape", [name, emit.sizes([images, groups, size, windows])]);
  const [left, right] = [byGroup(dy, rows), byGroup(patches, columns)];
  if (rows <= 2 * windows) {
    return emit.one("ReduceSum", [product(left, right), emit.sizes([0])], { keepdims: 0 });
  }
  // A product an image would be larger than its operands: one over all images needs no sum of them.
  const joined = (name: string, size: number): string => {
    const moved = emit.one("Transpose", [name], { perm: [1, 2, 0, 3] });
    return emit.one("Reshape", [moved, emit.sizes([groups, size, images * windows])]);
  };
  return product(joined(left, rows), joined(right, columns));
}
