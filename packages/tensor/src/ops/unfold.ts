import { ShapeError } from "../errors.ts";
import { makeTensor, type OpSpec, type Tensor } from "../graph/node.ts";
import { sizeOf, type TensorType, typeText } from "../shape.ts";
import { emitColumns } from "./conv-columns.ts";
import { type Operand, requireClass, toTensor } from "./define.ts";
import { asFloat32, emitZeros } from "./float32.ts";
import {
  type PerAxis,
  perAxis,
  type WindowOptions,
  type Windows,
  windowCounts,
  windowsOf,
} from "./window.ts";

/** The patches that `unfold` cuts out. */
export interface UnfoldOptions extends WindowOptions {
  /** Sizes of a patch. */
  readonly kernel: PerAxis;
}

/** The patches that `fold` adds up, and the image it makes of them. */
export interface FoldOptions extends UnfoldOptions {
  /** Height and width of the image. */
  readonly size: readonly number[];
}

type UnfoldAttributes = Windows & {
  readonly kernel: readonly number[];
  /** Height and width of the image. */
  readonly size: readonly number[];
};

function requireRank(op: string, x: TensorType, rank: number, axes: string): void {
  requireClass(op, [x], "float");
  if (x.shape.length !== rank) {
    throw new ShapeError(op, `takes x ${axes}, got x ${typeText(x)}.`, [x]);
  }
}

/** Patches as columns; `unfold`'s row. */
export const unfoldSpec: OpSpec<UnfoldAttributes> = {
  name: "unfold",
  infer([input], { kernel, ...windows }) {
    const x = input as TensorType;
    const counts = windowCounts("unfold", x, kernel, windows);
    const [batch, channels] = x.shape as readonly [number, number];
    return [{ shape: [batch, channels * sizeOf(kernel), sizeOf(counts)], dtype: x.dtype }];
  },
  gradient: ({ attributes, dy }) => [makeTensor(foldSpec, [dy], attributes)],
  lower: (emit, inputs, { attributes, inputs: [type], outputs }) =>
    asFloat32(emit, inputs, outputs, ([name]) => {
      const x = type as TensorType;
      const shape = (outputs[0] as TensorType).shape;
      if (sizeOf(shape) === 0) return [emitZeros(emit, shape)];
      const { kernel } = attributes;
      const [, channels] = x.shape as readonly [number, number];
      const counts = windowCounts("unfold", x, kernel, attributes);
      const columns = emitColumns(emit, name as string, { ...attributes, channels, counts });
      const joined = emit.sizes([0, channels * sizeOf(kernel), sizeOf(counts)]);
      return [emit.one("Reshape", [columns, joined])];
    }),
  flops: () => 0,
};

/** Columns added up where patches overlap; `fold`'s row. */
export const foldSpec: OpSpec<UnfoldAttributes> = {
  name: "fold",
  infer([input], { kernel, size, ...windows }) {
    const x = input as TensorType;
    const [batch, values, columns] = x.shape as readonly [number, number, number];
    const channels = values / sizeOf(kernel);
    const image = { shape: [batch, channels, ...size], dtype: x.dtype };
    const wanted =
      Number.isInteger(channels) && sizeOf(windowCounts("fold", image, kernel, windows));
    if (wanted !== columns) {
      const patches = wanted === false ? "" : ` in ${wanted} columns`;
      const rule = `an image of [${size.join(",")}] has patches of a multiple of ${sizeOf(kernel)} values${patches}, got x ${typeText(x)}.`;
      throw new ShapeError("fold", rule, [x]);
    }
    return [image];
  },
  gradient: ({ attributes, dy }) => [makeTensor(unfoldSpec, [dy], attributes)],
  lower: (emit, inputs, { attributes, outputs }) =>
    asFloat32(emit, inputs, outputs, ([x]) => {
      const { kernel, size, stride, pads, dilation } = attributes;
      const shape = (outputs[0] as TensorType).shape;
      if (sizeOf(shape) === 0) return [emitZeros(emit, shape)];
      const operands = [x as string, emit.sizes(size), emit.sizes(kernel)];
      return [emit.one("Col2Im", operands, { strides: stride, pads, dilations: dilation })];
    }),
  flops: ([x]) => sizeOf((x as TensorType).shape),
};

/**
 * The patches of images as columns, each listed by channel, then row by row.
 * `[B, C, H, W] -> [B, C * kernel height * kernel width, patches]`
 *
 * @throws ShapeError when x has not four axes, or a patch does not fit.
 */
export function unfold(x: Operand, { kernel, ...options }: UnfoldOptions): Tensor {
  const tensor = toTensor(x);
  requireRank("unfold", tensor, 4, "[B, C, H, W]");
  return makeTensor(unfoldSpec, [tensor], {
    ...windowsOf("unfold", options, tensor),
    kernel: perAxis("unfold", "kernel", kernel, tensor, 1),
    size: tensor.shape.slice(2),
  });
}

/**
 * Images of patches, whose values add up where they overlap: the transpose of `unfold`.
 * `[B, C * kernel height * kernel width, patches] -> [B, C, ...size]`
 *
 * @throws ShapeError when the columns are not the patches of such an image.
 */
export function fold(x: Operand, { kernel, size, ...options }: FoldOptions): Tensor {
  const tensor = toTensor(x);
  requireRank("fold", tensor, 3, "[B, C * places, patches]");
  const image: TensorType = { shape: [tensor.shape[0] as number, 1, ...size], dtype: tensor.dtype };
  return makeTensor(foldSpec, [tensor], {
    ...windowsOf("fold", options, image),
    kernel: perAxis("fold", "kernel", kernel, image, 1),
    size: perAxis("fold", "size", size, { shape: [0, 0, 0, 0], dtype: tensor.dtype }, 1),
  });
}
