import { isFloating } from "../../dtype.ts";
import type { Tensor } from "../../graph/node.ts";
import { constant } from "../../graph/source.ts";
import { hostTensor } from "../../host.ts";
import { axisProduct } from "../../ops/axis-product.ts";
import { add, cast, gather, reshape } from "../../ops/index.ts";
import type { OnnxNode, ReaderTable } from "./onnx-node.ts";

/** How one axis is resized. */
interface AxisPlan {
  readonly axis: number;
  readonly size: number;
  readonly count: number;
  /** New places an old one. */
  readonly scale: number;
  /** The part of the axis that is taken, where the node crops. */
  readonly region: readonly [start: number, end: number];
}

/** Where a new place lies among the old ones, by the node's way of counting. */
const positions: Readonly<Record<string, (place: number, plan: AxisPlan) => number>> = {
  half_pixel: (place, { scale }) => (place + 0.5) / scale - 0.5,
  half_pixel_symmetric: (place, { scale, count, size }) => {
    const centre = size / 2;
    return centre * (1 - count / (scale * size)) + (place + 0.5) / scale - 0.5;
  },
  pytorch_half_pixel: (place, { scale, count }) => (count > 1 ? (place + 0.5) / scale - 0.5 : 0),
  tf_half_pixel_for_nn: (place, { scale }) => (place + 0.5) / scale,
  align_corners: (place, { size, count }) => (count > 1 ? (place * (size - 1)) / (count - 1) : 0),
  asymmetric: (place, { scale }) => place / scale,
  tf_crop_and_resize: (place, { size, count, region: [start, end] }) =>
    count > 1
      ? start * (size - 1) + (place * (end - start) * (size - 1)) / (count - 1)
      : ((start + end) * (size - 1)) / 2,
};

const roundings: Readonly<Record<string, (position: number) => number>> = {
  round_prefer_floor: (position) => Math.ceil(position - 0.5),
  round_prefer_ceil: (position) => Math.floor(position + 0.5),
  floor: Math.floor,
  ceil: Math.ceil,
};

function triangle(distance: number): number {
  return Math.max(0, 1 - Math.abs(distance));
}

/** Keys' kernel (1981) with the slope a at 1. */
function cubic(distance: number, a: number): number {
  const d = Math.abs(distance);
  if (d >= 2) return 0;
  return d <= 1 ? (a + 2) * d ** 3 - (a + 3) * d ** 2 + 1 : a * (d ** 3 - 5 * d ** 2 + 8 * d - 4);
}

function clamp(at: number, size: number): number {
  return Math.min(Math.max(at, 0), size - 1);
}

/** The weights of old places at a position, for linear and cubic filling. */
function weightsAt(node: OnnxNode, position: number, { size, scale }: AxisPlan): number[] {
  const isCubic = node.text("mode", "nearest") === "cubic";
  const isStretched = node.int("antialias", 0) === 1 && scale < 1;
  const isInside = node.int("exclude_outside", 0) === 1;
  const narrow = isStretched ? scale : 1;
  const reach = (isCubic ? 2 : 1) / narrow;
  const a = node.float("cubic_coeff_a", -0.75);
  const row = new Array<number>(size).fill(0);
  for (let at = Math.ceil(position - reach); at <= Math.floor(position + reach); at++) {
    if (isInside && (at < 0 || at >= size)) continue;
    const distance = (position - at) * narrow;
    const place = clamp(at, size);
    row[place] = (row[place] as number) + (isCubic ? cubic(distance, a) : triangle(distance));
  }
  const total = row.reduce((sum, weight) => sum + weight, 0);
  const isShared = (isInside || isStretched) && total !== 0;
  return isShared ? row.map((weight) => weight / total) : row;
}

/** One axis of x filled or thinned; places outside of a cropped region get the node's own value. */
function resizedAlong(node: OnnxNode, x: Tensor, plan: AxisPlan): Tensor {
  const { axis, size, count } = plan;
  const way = node.text("coordinate_transformation_mode", defaultWay(node));
  const position =
    positions[way] ?? node.fail(`counts places by ${way}, which Quire does not read`);
  const at = Array.from({ length: count }, (_, place) => position(place, plan));
  if (node.text("mode", "nearest") === "nearest") {
    const rounding = node.text("nearest_mode", isOld(node) ? "floor" : "round_prefer_floor");
    const nearest = at.map((place) => clamp((roundings[rounding] ?? Math.floor)(place), size));
    return gather(x, constant(hostTensor(nearest, [count], "int32")), axis);
  }
  const outside = at.map(
    (place) => way === "tf_crop_and_resize" && (place < 0 || place > size - 1),
  );
  const rows = at.map((place, i) =>
    outside[i] ? new Array<number>(size).fill(0) : weightsAt(node, place, plan),
  );
  const y = axisProduct(x, rows, axis);
  if (!outside.includes(true)) return y;
  const line = x.shape.map((_, i) => (i === axis ? count : 1));
  const value = node.float("extrapolation_value", 0);
  return add(y, reshape(constant(hostTensor(outside.map((is) => (is ? value : 0)))), line));
}

/** Before version 11 places were counted from the corner. */
function isOld(node: OnnxNode): boolean {
  return node.type === "Upsample" || node.around.opset < 11;
}

function defaultWay(node: OnnxNode): string {
  return isOld(node) ? "asymmetric" : "half_pixel";
}

/** Scales by axis, or sizes that keep or break the proportions. */
function plansOf(node: OnnxNode, x: Tensor): AxisPlan[] {
  const rank = x.shape.length;
  const axes = (node.ints("axes") ?? x.shape.map((_, axis) => axis)).map((axis) =>
    axis < 0 ? axis + rank : axis,
  );
  const old = isOld(node);
  const scales = node.floats("scales") ?? given(node, old ? 1 : 2);
  const wanted = old ? undefined : given(node, 3);
  const region = old ? undefined : given(node, 1);
  if (!scales && !wanted) return node.fail("has neither scales nor sizes");
  const policy = node.text("keep_aspect_ratio_policy", "stretch");
  const ratios = axes.map((axis, i) => (wanted?.[i] ?? 0) / (x.shape[axis] as number));
  const kept = policy === "not_larger" ? Math.min(...ratios) : Math.max(...ratios);
  return axes.map((axis, i) => {
    const size = x.shape[axis] as number;
    const isKept = wanted !== undefined && policy !== "stretch";
    const scale = isKept ? kept : (scales?.[i] ?? (ratios[i] as number));
    const fixed = isKept ? Math.round(kept * size) : wanted?.[i];
    const [start, end] = [region?.[i] ?? 0, region?.[i + axes.length] ?? 1];
    const cropped =
      scales && region && node.text("coordinate_transformation_mode", "") === "tf_crop_and_resize";
    const count = fixed ?? Math.floor(cropped ? scale * size * (end - start) : scale * size);
    return { axis, size, count, scale, region: [start, end] };
  });
}

/** Values of an operand that is there and not empty. */
function given(node: OnnxNode, position: number): readonly number[] | undefined {
  const operand = node.optional(position);
  return operand && operand.shape[0] !== 0 ? node.values(position) : undefined;
}

function resized(node: OnnxNode): Tensor {
  const given = node.tensor(0);
  const isWhole = !isFloating(given.dtype) && node.text("mode", "nearest") !== "nearest";
  const x = isWhole ? cast(given, "float32") : given;
  const y = plansOf(node, x)
    .filter(({ size, count, region }) => size !== count || region[0] !== 0 || region[1] !== 1)
    .reduce((image, plan) => resizedAlong(node, image, plan), x);
  return cast(y, given.dtype);
}

/** Images of other sizes. */
export const resizeReaders: ReaderTable = { Resize: resized, Upsample: resized };
