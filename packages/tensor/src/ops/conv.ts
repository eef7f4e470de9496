import { ShapeError } from "../errors.ts";
import type { Emit } from "../graph/emit.ts";
import { makeTensor, type OpSpec, type Tensor } from "../graph/node.ts";
import { type Shape, sizeOf, type TensorType, typeText } from "../shape.ts";
import { emitColumns, emitPatchProducts } from "./conv-columns.ts";
import { type Operand, requireClass, requireSameDType, toTensors } from "./define.ts";
import { asFloat32, emitZeros } from "./float32.ts";
import {
  filledSizes,
  type Padding,
  perAxis,
  reach,
  remainders,
  type WindowOptions,
  type Windows,
  windowCounts,
  windowsOf,
} from "./window.ts";

/** How a convolution places its windows. */
export interface ConvOptions extends Omit<WindowOptions, "padding"> {
  /** Zeros around the space; `"same"` keeps its sizes, which needs stride 1. */
  readonly padding?: Padding | "same";
  /** In how many groups the channels are convolved apart; 1 unless said. */
  readonly groups?: number;
}

/** How a transposed convolution places its windows. */
export interface ConvTransposeOptions extends WindowOptions {
  /** Places added behind the last, less than the stride; 0 unless said. */
  readonly outputPadding?: number | readonly number[];
  /** In how many groups the channels are convolved apart; 1 unless said. */
  readonly groups?: number;
}

type ConvAttributes = Windows & { readonly groups: number };
type TransposeAttributes = ConvAttributes & { readonly outputPadding: readonly number[] };
type WeightAttributes = ConvAttributes & { readonly kernel: readonly number[] };

/** From how many channels of the result on a flipped convolution beats a transposed one, as measured. */
const worthFlipping = 8;

/** Checks what all rows of the family share: dtypes, ranks and groups. */
function checkOperands(
  op: string,
  types: readonly TensorType[],
  groups: number,
): [x: TensorType, weight: TensorType] {
  requireSameDType(op, types);
  requireClass(op, types, "float");
  const [x, weight, bias] = types as readonly [TensorType, TensorType, TensorType?];
  const got = `x ${typeText(x)}, weight ${typeText(weight)}`;
  if (x.shape.length < 3 || x.shape.length > 5 || weight.shape.length !== x.shape.length) {
    const rule = `takes x [B, C, ...space] with 1 to 3 axes of space and a weight of as many axes, got ${got}.`;
    throw new ShapeError(op, rule, types);
  }
  if (!Number.isInteger(groups) || groups < 1 || (weight.shape[0] as number) % groups !== 0) {
    const rule = `groups is ${groups}, which does not divide the ${weight.shape[0]} of axis 0 of weight ${typeText(weight)}.`;
    throw new ShapeError(op, rule, types);
  }
  if (bias && bias.shape.length !== 1) {
    throw new ShapeError(op, `takes a bias [out], got bias ${typeText(bias)}.`, types);
  }
  return [x, weight];
}

function checkBias(op: string, types: readonly TensorType[], channels: number): void {
  const bias = types[2];
  if (bias && bias.shape[0] !== channels) {
    const rule = `bias ${typeText(bias)} has ${bias.shape[0]} values, the result has ${channels} channels.`;
    throw new ShapeError(op, rule, types);
  }
}

/** The attributes that ONNX calls windows by. */
function onnxWindows(
  kernel: readonly number[],
  { stride, pads, dilation, groups }: ConvAttributes,
) {
  return { kernel_shape: kernel, strides: stride, pads, dilations: dilation, group: groups };
}

/** All axes but the channels'. */
function axesBesideChannels(type: TensorType): number[] {
  return type.shape.flatMap((_, axis) => (axis === 1 ? [] : [axis]));
}

const spaceOf = (type: TensorType): Shape => type.shape.slice(2);

/** Weighted sums over windows; `conv`'s row. */
export const convSpec: OpSpec<ConvAttributes> = {
  name: "conv",
  infer(types, attributes) {
    const [x, weight] = checkOperands("conv", types, attributes.groups);
    const takes = (weight.shape[1] as number) * attributes.groups;
    if (x.shape[1] !== takes) {
      const groups = attributes.groups === 1 ? "" : ` in ${attributes.groups} groups`;
      const rule = `channels differ: x ${typeText(x)} has ${x.shape[1]}, weight ${typeText(weight)} takes ${takes}${groups}; a weight is [out, in / groups, ...kernel].`;
      throw new ShapeError("conv", rule, types);
    }
    checkBias("conv", types, weight.shape[0] as number);
    const counts = windowCounts("conv", x, spaceOf(weight), attributes);
    return [
      { shape: [x.shape[0] as number, weight.shape[0] as number, ...counts], dtype: x.dtype },
    ];
  },
  gradient({ inputs: [x, weight, bias], attributes, dy }, ops) {
    const kernel = spaceOf(weight);
    return [
      inputGradient(dy, weight, spaceOf(x), attributes),
      makeTensor(convWeightSpec, [x, dy], { ...attributes, kernel }),
      ...(bias ? [ops.sum(dy, { axes: axesBesideChannels(dy) })] : []),
    ];
  },
  lower: (emit, inputs, { attributes, inputs: types, outputs }) =>
    asFloat32(emit, inputs, outputs, (names) => {
      const kernel = spaceOf(types[1] as TensorType);
      return [emit.one("Conv", names, onnxWindows(kernel, attributes))];
    }),
  flops: ([, weight], [y]) => 2 * perOutput(weight as TensorType) * sizeOf((y as TensorType).shape),
};

/** Products that go into one value of a convolution's result. */
function perOutput(weight: TensorType): number {
  return sizeOf(weight.shape.slice(1));
}

/** The gradient of a convolution's input of the given space. */
function inputGradient(
  dy: Tensor,
  weight: Tensor,
  space: Shape,
  { stride, pads, dilation, groups }: ConvAttributes,
): Tensor {
  const windows = { stride, pads, dilation, groups };
  const outputPadding = remainders(space, spaceOf(weight), windows);
  return makeTensor(convTransposeSpec, [dy, weight], { ...windows, outputPadding });
}

/** Spreads every value by a kernel and adds up what overlaps; `convTranspose`'s row. */
export const convTransposeSpec: OpSpec<TransposeAttributes> = {
  name: "convTranspose",
  infer(types, attributes) {
    const [x, weight] = checkOperands("convTranspose", types, attributes.groups);
    if (x.shape[1] !== weight.shape[0]) {
      const rule = `channels differ: x ${typeText(x)} has ${x.shape[1]}, weight ${typeText(weight)} takes ${weight.shape[0]}; a weight is [in, out / groups, ...kernel].`;
      throw new ShapeError("convTranspose", rule, types);
    }
    const channels = (weight.shape[1] as number) * attributes.groups;
    checkBias("convTranspose", types, channels);
    const space = filledSizes(spaceOf(x), spaceOf(weight), attributes, attributes.outputPadding);
    checkFilled(attributes, space, types);
    return [{ shape: [x.shape[0] as number, channels, ...space], dtype: x.dtype }];
  },
  gradient({ inputs: [x, weight, bias], attributes, dy }, ops) {
    const { outputPadding: _, ...windows } = attributes;
    return [
      makeTensor(convSpec, [dy, weight], windows),
      makeTensor(convWeightSpec, [dy, x], { ...windows, kernel: spaceOf(weight) }),
      ...(bias ? [ops.sum(dy, { axes: axesBesideChannels(dy) })] : []),
    ];
  },
  lower: (emit, inputs, { attributes, inputs: types, outputs }) =>
    asFloat32(emit, inputs, outputs, (names) => {
      const weight = types[1] as TensorType;
      if (isFlippable(weight, attributes)) return [emitFlipped(emit, names, weight, attributes)];
      const windows = onnxWindows(spaceOf(weight), attributes);
      const rest = { output_padding: attributes.outputPadding };
      return [emit.one("ConvTranspose", names, { ...windows, ...rest })];
    }),
  flops: ([x, weight]) => 2 * perOutput(weight as TensorType) * sizeOf((x as TensorType).shape),
};

function checkFilled(
  { outputPadding, stride }: TransposeAttributes,
  space: Shape,
  types: readonly TensorType[],
): void {
  const wide = outputPadding.findIndex((size, axis) => size >= (stride[axis] as number));
  if (wide >= 0) {
    const rule = `outputPadding ${outputPadding[wide]} of axis ${wide + 2} must be less than its stride, ${stride[wide]}.`;
    throw new ShapeError("convTranspose", rule, types);
  }
  const none = space.findIndex((size) => size < 1);
  if (none >= 0) {
    const rule = `padding leaves nothing of axis ${none + 2}; take less.`;
    throw new ShapeError("convTranspose", rule, types);
  }
}

/** Whether a transposed convolution is a plain one with its kernel turned around, and faster so. */
function isFlippable(weight: TensorType, attributes: TransposeAttributes): boolean {
  const reached = reach(spaceOf(weight), attributes);
  return (
    (weight.shape[1] as number) >= worthFlipping &&
    attributes.stride.every((step) => step === 1) &&
    attributes.pads.every((size, i) => size <= (reached[i % reached.length] as number))
  );
}

function emitFlipped(
  emit: Emit,
  [x, weight, ...bias]: readonly string[],
  { shape }: TensorType,
  attributes: TransposeAttributes,
): string {
  const { groups, pads } = attributes;
  const [inputs, outputs, ...kernel] = shape as readonly [number, number, ...number[]];
  const axes = kernel.flatMap((size, axis) => (size === 1 ? [] : [axis + 3]));
  const split = [groups, inputs / groups, outputs, ...kernel];
  let flipped = emit.one("Reshape", [weight as string, emit.sizes(split)]);
  if (axes.length > 0) {
    const everyOne = (value: number): string => emit.sizes(axes.map(() => value));
    const bounds = [everyOne(-1), emit.sizes(axes.map((axis) => -1 - (split[axis] as number)))];
    flipped = emit.one("Slice", [flipped, ...bounds, emit.sizes(axes), everyOne(-1)]);
  }
  const perm = [0, 2, 1, ...kernel.map((_, axis) => axis + 3)];
  const turned = emit.one("Transpose", [flipped], { perm });
  const joined = [groups * outputs, inputs / groups, ...kernel];
  const names = [x as string, emit.one("Reshape", [turned, emit.sizes(joined)]), ...bias];
  const reached = reach(kernel, attributes);
  const around = pads.map((size, i) => (reached[i % reached.length] as number) - size);
  return emit.one("Conv", names, onnxWindows(kernel, { ...attributes, pads: around }));
}

/**
 * The gradient of a convolution's weight from its input and its result's gradient:
 * `[B, in, ...space], [B, out, ...counts] -> [out, in / groups, ...kernel]`; linear in both.
 */
export const convWeightSpec: OpSpec<WeightAttributes> = {
  name: "convWeight",
  infer([x, dy], { groups, kernel }) {
    const [, inputs] = (x as TensorType).shape as readonly [number, number];
    const [, outputs] = (dy as TensorType).shape as readonly [number, number];
    return [{ shape: [outputs, inputs / groups, ...kernel], dtype: (x as TensorType).dtype }];
  },
  gradient({ inputs: [x, dy], attributes, dy: dWeight }) {
    const { kernel: _, ...windows } = attributes;
    return [
      inputGradient(dy, dWeight, spaceOf(x), windows),
      makeTensor(convSpec, [x, dWeight], windows),
    ];
  },
  lower: (emit, inputs, { attributes, inputs: types, outputs: results }) =>
    asFloat32(emit, inputs, results, ([x, dy]) => {
      const [from, to] = types as readonly [TensorType, TensorType];
      const { shape } = results[0] as TensorType;
      if (sizeOf(from.shape) === 0) return [emitZeros(emit, shape)];
      const patches = { ...attributes, channels: from.shape[1] as number, counts: spaceOf(to) };
      const operands = [dy as string, emitColumns(emit, x as string, patches)] as const;
      const { groups } = attributes;
      const [outputs, ...taken] = shape as readonly [number, ...number[]];
      const sums = emitPatchProducts(emit, operands, {
        images: from.shape[0] as number,
        groups,
        rows: outputs / groups,
        columns: sizeOf(taken),
        windows: sizeOf(spaceOf(to)),
      });
      return [emit.one("Reshape", [sums, emit.sizes(shape)])];
    }),
  flops: ([, dy], [weight]) =>
    2 * perOutput(weight as TensorType) * sizeOf((dy as TensorType).shape),
};

/**
 * Weighted sums over windows, as neural networks convolve (the kernel is not turned around).
 * `[B, in, ...space], [out, in / groups, ...kernel], [out] -> [B, out, ...counts]`, 1 to 3 axes of space.
 *
 * @throws ShapeError when channels, groups or sizes do not fit, or `"same"` meets a stride.
 */
export function conv(
  x: Operand,
  weight: Operand,
  bias?: Operand,
  options: ConvOptions = {},
): Tensor {
  const tensors = toTensors(bias === undefined ? [x, weight] : [x, weight, bias]);
  const [image, kernel] = tensors as [Tensor, Tensor];
  const { padding = 0, groups = 1, ...rest } = options;
  const explicit = padding === "same" ? 0 : padding;
  const windows = windowsOf("conv", { ...rest, padding: explicit }, image);
  const pads = padding === "same" ? samePads(image, kernel, windows) : windows.pads;
  return makeTensor(convSpec, tensors, { ...windows, pads, groups });
}

/** The padding that keeps sizes at stride 1; where it is odd, the end gets one more. */
function samePads(x: Tensor, weight: Tensor, windows: Windows): readonly number[] {
  if (windows.stride.some((step) => step !== 1)) {
    const rule = `padding "same" needs stride 1, got [${windows.stride.join(",")}]; give the padding in numbers.`;
    throw new ShapeError("conv", rule, [x, weight]);
  }
  const reached = reach(spaceOf(weight), windows);
  return [
    ...reached.map((size) => Math.floor(size / 2)),
    ...reached.map((size) => Math.ceil(size / 2)),
  ];
}

/**
 * The transpose of a convolution: every value is spread by the kernel, and what overlaps adds up.
 * `[B, in, ...counts], [in, out / groups, ...kernel], [out] -> [B, out, ...space]`, where a size is
 * `(count - 1) stride - padding before and after + dilation (kernel - 1) + 1 + outputPadding`.
 *
 * @throws ShapeError when channels, groups or sizes do not fit, or outputPadding reaches the stride.
 */
export function convTranspose(
  x: Operand,
  weight: Operand,
  bias?: Operand,
  options: ConvTransposeOptions = {},
): Tensor {
  const tensors = toTensors(bias === undefined ? [x, weight] : [x, weight, bias]);
  const { outputPadding = 0, groups = 1, ...rest } = options;
  const image = tensors[0] as Tensor;
  return makeTensor(convTransposeSpec, tensors, {
    ...windowsOf("convTranspose", rest, image),
    outputPadding: perAxis("convTranspose", "outputPadding", outputPadding, image, 0),
    groups,
  });
}
