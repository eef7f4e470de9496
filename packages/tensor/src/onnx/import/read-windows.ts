import { isFloating } from "../../dtype.ts";
import type { Tensor } from "../../graph/node.ts";
import {
  abs,
  averagePool,
  cast,
  conv,
  convTranspose,
  fold,
  max,
  maxPool,
  mean,
  mul,
  pad,
  pow,
  sum,
} from "../../ops/index.ts";
import type { TensorType } from "../../shape.ts";
import type { OnnxNode, Read, ReaderTable } from "./onnx-node.ts";
import { kernel } from "./onnx-operation.ts";

/** How a node's windows lie, and what surrounds the space: `[before, after]` an axis. */
export interface PlacedWindows {
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
  readonly dilation: readonly number[];
  readonly padding: readonly (readonly [before: number, after: number])[];
}

function perAxis(node: OnnxNode, name: string, axes: number): readonly number[] {
  return node.ints(name) ?? new Array<number>(axes).fill(1);
}

/** Padding that gives size / stride windows, rounded up; an odd one goes behind or before. */
function samePadding(
  size: number,
  windows: Readonly<{ span: number; step: number }>,
  isUpper: boolean,
): [number, number] {
  const count = Math.ceil(size / windows.step);
  const total = Math.max(0, (count - 1) * windows.step + windows.span - size);
  const small = Math.floor(total / 2);
  return isUpper ? [small, total - small] : [total - small, small];
}

/** The windows of a node over the spatial axes of x. */
export function placed(node: OnnxNode, x: TensorType, sizes?: readonly number[]): PlacedWindows {
  const space = x.shape.slice(2);
  const window = node.ints("kernel_shape") ?? sizes ?? node.fail("lacks its kernel_shape");
  const stride = perAxis(node, "strides", space.length);
  const dilation = perAxis(node, "dilations", space.length);
  const pads = node.ints("pads") ?? new Array<number>(2 * space.length).fill(0);
  const auto = node.text("auto_pad", "NOTSET");
  const padding = space.map((size, i): [number, number] => {
    if (auto === "VALID") return [0, 0];
    if (auto === "NOTSET" || auto === "")
      return [pads[i] as number, pads[i + space.length] as number];
    const span = (dilation[i] as number) * ((window[i] as number) - 1) + 1;
    return samePadding(size, { span, step: stride[i] as number }, auto === "SAME_UPPER");
  });
  return { kernel: window, stride, dilation, padding };
}

/** Space added behind for a last window that is only partly filled, if the node counts it. */
function ceiled(node: OnnxNode, x: TensorType, windows: PlacedWindows): PlacedWindows {
  if (node.int("ceil_mode", 0) === 0) return windows;
  const padding = windows.padding.map(([before, after], i): [number, number] => {
    const step = windows.stride[i] as number;
    const size = x.shape[i + 2] as number;
    const span = (windows.dilation[i] as number) * ((windows.kernel[i] as number) - 1) + 1;
    const free = size + before + after - span;
    const count = Math.ceil(free / step) + 1;
    // A window that would start behind the values and what was added before them is left out.
    const last = (count - 1) * step >= size + before ? count - 2 : count - 1;
    return [before, after + last * step - free];
  });
  return { ...windows, padding: padding.map(([before, after]) => [before, Math.max(after, 0)]) };
}

function convolved(node: OnnxNode): Tensor {
  const [x, weight] = [node.tensor(0), node.tensor(1)];
  const { kernel: _, ...windows } = placed(node, x, weight.shape.slice(2));
  return conv(x, weight, node.optional(2), { ...windows, groups: node.int("group", 1) });
}

/** Padding of a transposed convolution that gives the sizes a node asks for. */
function transposedPadding(node: OnnxNode, x: Tensor, weight: Tensor) {
  const windows = placed(node, x, weight.shape.slice(2));
  const outputPadding = node.ints("output_padding") ?? windows.stride.map(() => 0);
  const wanted = node.ints("output_shape")?.slice(-windows.stride.length);
  const auto = node.text("auto_pad", "NOTSET");
  const isSame = auto.startsWith("SAME");
  if (!wanted && !isSame) return { ...windows, outputPadding };
  const padding = windows.stride.map((step, i): [number, number] => {
    const size = x.shape[i + 2] as number;
    const span = (windows.dilation[i] as number) * ((windows.kernel[i] as number) - 1) + 1;
    const full = (size - 1) * step + (outputPadding[i] as number) + span;
    const total = full - (wanted?.[i] ?? size * step);
    const small = Math.floor(total / 2);
    return auto === "SAME_UPPER" ? [small, total - small] : [total - small, small];
  });
  return { ...windows, padding, outputPadding };
}

function convolvedBack(node: OnnxNode): Tensor {
  const [x, weight] = [node.tensor(0), node.tensor(1)];
  const { kernel: _, padding, ...windows } = transposedPadding(node, x, weight);
  const groups = node.int("group", 1);
  // Where more is asked for than windows fill, zeros stand behind.
  const inside = padding.map(([before, after]): [number, number] => [
    Math.max(before, 0),
    Math.max(after, 0),
  ]);
  const extra = padding.map(([before, after]) => Math.max(0, -before) + Math.max(0, -after));
  const outputPadding = windows.outputPadding.map((size, i) => {
    return Math.min(size + (extra[i] as number), (windows.stride[i] as number) - 1);
  });
  const rest = windows.outputPadding.map(
    (size, i) => size + (extra[i] as number) - (outputPadding[i] as number),
  );
  const options = { ...windows, padding: inside, outputPadding, groups };
  const y = convTranspose(x, weight, node.optional(2), options);
  if (rest.every((size) => size === 0)) return y;
  if (node.optional(2))
    return node.fail("reaches beyond its windows, which Quire does not read with a bias");
  return pad(y, { before: y.shape.map(() => 0), after: [0, 0, ...rest] });
}

/** Pools of whole numbers are those of the same floating-point ones. */
function ofFloats(x: Tensor, pool: (x: Tensor) => Tensor): Tensor {
  return isFloating(x.dtype) ? pool(x) : cast(pool(cast(x, "float32")), x.dtype);
}

/** The largest of each window; the places too, by the runtime's kernel, where they are asked for. */
function maximal(node: OnnxNode): Read {
  const x = node.tensor(0);
  const windows = ceiled(node, x, placed(node, x));
  const isWide = windows.padding.some(([before, after], i) => {
    const reach = (windows.dilation[i] as number) * ((windows.kernel[i] as number) - 1);
    return before > reach || after > reach;
  });
  const padded = isWide ? surrounded(x, windows, Number.NEGATIVE_INFINITY) : x;
  const options = isWide ? { ...windows, padding: 0 } : windows;
  const pooled = ofFloats(padded, (values) => maxPool(values, options));
  if (!node.wants(1)) return pooled;
  const attributes = {
    kernel_shape: windows.kernel,
    strides: windows.stride,
    dilations: windows.dilation,
    pads: [
      ...windows.padding.map(([before]) => before),
      ...windows.padding.map(([, after]) => after),
    ],
    storage_order: node.int("storage_order", 0),
  };
  const gives = [pooled, { shape: pooled.shape, dtype: "int64" as const }];
  return [pooled, kernel("MaxPool", [x], { gives, attributes })[1]];
}

/** x with a border of one number round its space. */
function surrounded(x: Tensor, { padding }: PlacedWindows, value: number): Tensor {
  return pad(x, {
    before: [0, 0, ...padding.map(([before]) => before)],
    after: [0, 0, ...padding.map(([, after]) => after)],
    value,
  });
}

/** Means of windows; a mean of sums over counts where windows are dilated or reach beyond what is counted. */
function averaged(node: OnnxNode): Tensor {
  const x = node.tensor(0);
  const counted = placed(node, x);
  const windows = ceiled(node, x, counted);
  const { dilation: _, ...options } = windows;
  const isPlain = windows.dilation.every((step) => step === 1);
  const countIncludePad = node.int("count_include_pad", 0) === 1;
  const isSame = windows.padding.every(([, after], i) => after === counted.padding[i]?.[1]);
  if (isPlain && (isSame || !countIncludePad)) {
    return averagePool(x, { ...options, countIncludePad });
  }
  return node.fail("averages dilated or partly filled windows, which Quire does not read");
}

function spaceAxes(x: Tensor): { axes: number[]; keepDims: boolean } {
  return { axes: x.shape.slice(2).map((_, i) => i + 2), keepDims: true };
}

/** The p-th root of the sum of p-th powers of every window, or of the whole space. */
function byPowers(node: OnnxNode): Tensor {
  const x = node.tensor(0);
  const p = node.int("p", 2);
  const powers = pow(abs(x), p);
  if (node.type === "GlobalLpPool") return pow(sum(powers, spaceAxes(x)), 1 / p);
  const { dilation: _, ...windows } = placed(node, x);
  const count = windows.kernel.reduce((product, size) => product * size, 1);
  return pow(mul(averagePool(powers, windows), count), 1 / p);
}

/** Adds up patches that overlap. */
function fromColumns(node: OnnxNode): Tensor {
  const x = node.tensor(0);
  const [size, window] = [node.values(1), node.values(2)];
  const space = { shape: [0, 0, ...size], dtype: x.dtype };
  const { kernel: _, ...windows } = placed(node, space, window);
  return fold(x, { ...windows, size, kernel: window });
}

/** Convolutions and pools. */
export const windowReaders: ReaderTable = {
  AveragePool: averaged,
  Col2Im: fromColumns,
  Conv: convolved,
  ConvTranspose: convolvedBack,
  GlobalAveragePool: (node) => mean(node.tensor(0), spaceAxes(node.tensor(0))),
  GlobalLpPool: byPowers,
  GlobalMaxPool: (node) => max(node.tensor(0), spaceAxes(node.tensor(0))),
  LpPool: byPowers,
  MaxPool: maximal,
};
