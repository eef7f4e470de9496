import { ShapeError } from "../errors.ts";
import type { Emit } from "../graph/emit.ts";
import {
  makeTensor,
  nondifferentiable,
  type OpSpec,
  type Ops,
  type Tensor,
} from "../graph/node.ts";
import { constant } from "../graph/source.ts";
import { hostTensor } from "../host.ts";
import { type Shape, sizeOf, type TensorType, typeText } from "../shape.ts";
import { axisProduct } from "./axis-product.ts";
import { convTranspose } from "./conv.ts";
import { type Operand, requireClass, toTensor } from "./define.ts";
import { asFloat32, emitZeros } from "./float32.ts";
import {
  type PerAxis,
  perAxis,
  reach,
  type WindowOptions,
  type Windows,
  windowCounts,
  windowsOf,
} from "./window.ts";

/** The windows of a pool. */
export interface PoolOptions extends WindowOptions {
  /** Sizes of a window. */
  readonly kernel: PerAxis;
}

/** The windows of an average pool, and what it counts. */
export interface AveragePoolOptions extends Omit<PoolOptions, "dilation"> {
  /** Whether padding counts as zeros; true unless said. */
  readonly countIncludePad?: boolean;
}

type PoolAttributes = Windows & { readonly kernel: readonly number[] };
type AverageAttributes = PoolAttributes & { readonly countIncludePad: boolean };
type PlaceAttributes = { readonly shape: Shape; readonly windows: "apart" | "overlapping" };

function inferPool(op: string, x: TensorType, attributes: PoolAttributes): TensorType[] {
  requireClass(op, [x], "float");
  if (x.shape.length < 3 || x.shape.length > 5) {
    const rule = `takes x [B, C, ...space] with 1 to 3 axes of space, got x ${typeText(x)}.`;
    throw new ShapeError(op, rule, [x]);
  }
  const { kernel, pads } = attributes;
  const reached = reach(kernel, attributes);
  const wide = pads.findIndex((size, i) => size > (reached[i % reached.length] as number));
  if (wide >= 0) {
    const rule = `padding ${pads[wide]} would make windows of padding alone; a window spans ${(reached[wide % reached.length] as number) + 1}.`;
    throw new ShapeError(op, rule, [x]);
  }
  const counts = windowCounts(op, x, kernel, attributes);
  return [{ shape: [...x.shape.slice(0, 2), ...counts], dtype: x.dtype }];
}

function attributesOf(op: string, x: Tensor, options: PoolOptions): PoolAttributes {
  const kernel = perAxis(op, "kernel", options.kernel, x, 1);
  return { kernel, ...windowsOf(op, { stride: kernel, ...options }, x) };
}

/** Whether no value lies in two windows. */
function areApart({ kernel, stride, dilation }: PoolAttributes): boolean {
  return kernel.every((size, i) => (dilation[i] as number) * (size - 1) < (stride[i] as number));
}

function emitMaxPool(
  emit: Emit,
  x: string,
  { kernel, stride, pads, dilation }: PoolAttributes,
  outputs: number,
): readonly string[] {
  const windows = { kernel_shape: kernel, strides: stride, pads, dilations: dilation };
  return emit.many("MaxPool", [x], outputs, windows);
}

/** The largest value of every window; `maxPool`'s row. */
export const maxPoolSpec: OpSpec<PoolAttributes> = {
  name: "maxPool",
  infer: ([x], attributes) => inferPool("maxPool", x as TensorType, attributes),
  // Indices are found anew, for a pool that need not give them takes a sixth of the time.
  gradient({ inputs: [x], attributes, dy }) {
    const places = makeTensor(maxPlacesSpec, [x], attributes);
    const windows = areApart(attributes) ? "apart" : "overlapping";
    return [makeTensor(toPlacesSpec, [dy, places], { shape: x.shape, windows })];
  },
  lower: (emit, inputs, { attributes, outputs }) =>
    asFloat32(emit, inputs, outputs, ([x]) => emitMaxPool(emit, x as string, attributes, 1)),
  flops: (_, [y], { kernel }) => sizeOf(kernel) * sizeOf((y as TensorType).shape),
};

/** Where in the whole of x, counted row by row, the first largest value of every window stands. */
const maxPlacesSpec: OpSpec<PoolAttributes> = {
  name: "maxPlaces",
  infer([x], attributes) {
    const [y] = inferPool("maxPlaces", x as TensorType, attributes) as [TensorType];
    return [{ shape: y.shape, dtype: "int64" }];
  },
  gradient: nondifferentiable("its values are positions"),
  lower(emit, [x], { attributes, inputs }) {
    const isShort = (inputs[0] as TensorType).dtype === "float16";
    const values = isShort ? emit.cast(x as string, "float32") : (x as string);
    const places = emitMaxPool(emit, values, attributes, 2)[1] as string;
    // The kernel gives a negative place to a window without any number, such as one of NaN.
    return [emit.one("Max", [places, emit.scalar(0, "int64")])];
  },
  flops: (_, [y], { kernel }) => sizeOf(kernel) * sizeOf((y as TensorType).shape),
};

/** Adds values up at places of a tensor of zeros; linear in the values, and the transpose of `atPlaces`. */
const toPlacesSpec: OpSpec<PlaceAttributes> = {
  name: "toPlaces",
  infer: ([values], { shape }) => [{ shape, dtype: (values as TensorType).dtype }],
  gradient: ({ inputs: [, places], attributes, dy }) => [
    makeTensor(atPlacesSpec, [dy, places], attributes),
    undefined,
  ],
  lower(emit, [values, places], { attributes: { shape, windows }, outputs }) {
    return asFloat32(emit, [values as string], outputs, ([numbers]) => {
      const [at, what] = [places, numbers].map((name) => emitFlat(emit, name as string));
      const zeros = emitZeros(emit, [sizeOf(shape)]);
      const added = emit.one("ScatterElements", [zeros, at as string, what as string], {
        axis: 0,
        reduction: windows === "apart" ? "none" : "add",
      });
      return [emit.one("Reshape", [added, emit.sizes(shape)])];
    });
  },
  flops: ([values]) => sizeOf((values as TensorType).shape),
};

/** The values of a tensor at places, which give the result its shape. */
const atPlacesSpec: OpSpec<PlaceAttributes> = {
  name: "atPlaces",
  infer: ([x, places]) => [{ shape: (places as TensorType).shape, dtype: (x as TensorType).dtype }],
  gradient: ({ inputs: [, places], attributes, dy }) => [
    makeTensor(toPlacesSpec, [dy, places], attributes),
    undefined,
  ],
  lower: (emit, [x, places]) => [
    emit.one("Gather", [emitFlat(emit, x as string), places as string], { axis: 0 }),
  ],
  flops: () => 0,
};

function emitFlat(emit: Emit, name: string): string {
  return emit.one("Reshape", [name, emit.sizes([-1])]);
}

/**
 * The largest value of every window; the first of equal ones gets the gradient. Windows stand side by side
 * unless a stride is given; padding never wins. `[B, C, ...space] -> [B, C, ...counts]`
 *
 * @throws ShapeError when a window does not fit, or would see padding alone.
 */
export function maxPool(x: Operand, options: PoolOptions): Tensor {
  const tensor = toTensor(x);
  return makeTensor(maxPoolSpec, [tensor], attributesOf("maxPool", tensor, options));
}

/** The mean of every window; `averagePool`'s row. */
export const averagePoolSpec: OpSpec<AverageAttributes> = {
  name: "averagePool",
  infer: ([x], attributes) => inferPool("averagePool", x as TensorType, attributes),
  gradient({ inputs: [x], attributes, dy }, ops) {
    const shares = ops.mul(dy, ops.cast(constant(windowShares(x, attributes)), dy.dtype));
    return [spread(shares, x.shape, attributes, ops)];
  },
  lower: (emit, inputs, { attributes, outputs }) =>
    asFloat32(emit, inputs, outputs, (names) => {
      const { kernel, stride, pads, countIncludePad } = attributes;
      const windows = { kernel_shape: kernel, strides: stride, pads };
      return [
        emit.one("AveragePool", names, { ...windows, count_include_pad: Number(countIncludePad) }),
      ];
    }),
  flops: (_, [y], { kernel }) => sizeOf(kernel) * sizeOf((y as TensorType).shape),
};

/** One over the count of values in every window. `[...counts]` */
function windowShares(x: TensorType, attributes: AverageAttributes) {
  const { kernel, stride, pads, countIncludePad } = attributes;
  if (countIncludePad) return hostTensor([1 / sizeOf(kernel)], []);
  const counts = windowCounts("averagePool", x, kernel, attributes);
  let shares = [1];
  counts.forEach((count, axis) => {
    const last = x.shape[axis + 2] as number;
    const seen = Array.from({ length: count }, (_, i) => {
      const from = i * (stride[axis] as number) - (pads[axis] as number);
      return Math.min(from + (kernel[axis] as number), last) - Math.max(from, 0);
    });
    shares = shares.flatMap((share) => seen.map((size) => share / size));
  });
  return hostTensor(shares, counts);
}

/** Adds every window's value to all places that the window sees. `[B, C, ...counts] -> shape` */
function spread(
  values: Tensor,
  shape: Shape,
  { kernel, stride, pads }: PoolAttributes,
  ops: Ops,
): Tensor {
  const [batch, channels, ...space] = shape as readonly [number, number, ...number[]];
  const counts = values.shape.slice(2);
  const tiles = counts.every((count, i) => {
    return kernel[i] === stride[i] && count * (kernel[i] as number) === space[i];
  });
  if (tiles) {
    const lead = [batch, channels];
    const thin = ops.reshape(values, [...lead, ...counts.flatMap((count) => [count, 1])]);
    const sizes = counts.flatMap((count, i) => [count, kernel[i] as number]);
    return ops.reshape(ops.expand(thin, [...lead, ...sizes]), shape);
  }
  const single = ops.reshape(values, [batch * channels, 1, ...counts]);
  const ones = constant(hostTensor(new Float32Array(sizeOf(kernel)).fill(1), [1, 1, ...kernel]));
  const outputPadding = space.map((size, i) => {
    const padding = (pads[i] as number) + (pads[i + space.length] as number);
    return (size + padding - (kernel[i] as number)) % (stride[i] as number);
  });
  const padding = space.map((_, i) => [pads[i], pads[i + space.length]] as [number, number]);
  const weight = ops.cast(ones, values.dtype);
  const summed = convTranspose(single, weight, undefined, { stride, padding, outputPadding });
  return ops.reshape(summed, shape);
}

/**
 * The mean of every window. Windows stand side by side unless a stride is given.
 * `[B, C, ...space] -> [B, C, ...counts]`
 *
 * @throws ShapeError when a window does not fit, or would see padding alone.
 */
export function averagePool(x: Operand, options: AveragePoolOptions): Tensor {
  const tensor = toTensor(x);
  const { countIncludePad = true, ...rest } = options;
  const attributes = attributesOf("averagePool", tensor, rest);
  return makeTensor(averagePoolSpec, [tensor], { ...attributes, countIncludePad });
}

/**
 * Means over as many windows as the result has places, all but alike in size: window i of n covers
 * `floor(i size / n)` to `ceil((i + 1) size / n)`. `[B, C, ...space] -> [B, C, ...size]`
 *
 * @throws ShapeError when `size` does not give one size a spatial axis.
 */
export function adaptiveAveragePool(x: Operand, size: PerAxis): Tensor {
  const tensor = toTensor(x);
  const counts = perAxis("adaptiveAveragePool", "size", size, tensor, 1);
  const space = tensor.shape.slice(2);
  if (space.every((length, i) => length > 0 && length % (counts[i] as number) === 0)) {
    return averagePool(tensor, {
      kernel: space.map((length, i) => length / (counts[i] as number)),
    });
  }
  return counts.reduce((pooled, count, i) => {
    return axisProduct(pooled, meanMatrix(space[i] as number, count), i + 2);
  }, tensor);
}

/** Row i holds the weights of window i of `count` over `size` places. */
function meanMatrix(size: number, count: number): number[][] {
  return Array.from({ length: count }, (_, row) => {
    const from = Math.floor((row * size) / count);
    const to = Math.ceil(((row + 1) * size) / count);
    return Array.from({ length: size }, (_, i) => (i >= from && i < to ? 1 / (to - from) : 0));
  });
}
