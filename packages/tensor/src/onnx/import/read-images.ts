import type { Tensor } from "../../graph/node.ts";
import {
  abs,
  add,
  arange,
  cast,
  clip,
  floor,
  gather,
  greaterEqual,
  lessEqual,
  logicalAnd,
  mod,
  mul,
  reshape,
  round,
  slice,
  stopGradient,
  sub,
  transpose,
  where,
} from "../../ops/index.ts";
import type { OnnxNode, ReaderTable } from "./onnx-node.ts";
import { kernel } from "./onnx-operation.ts";

/** A place along an axis that is read, and its weight. */
interface Tap {
  readonly at: Tensor;
  readonly weight: Tensor | undefined;
}

/** Keys' kernel (1981) with slope -3/4 at 1, at distances from 0 to 1 and from 1 to 2. */
function cubicWeight(distance: Tensor, isFar: boolean): Tensor {
  const d = distance;
  const a = -0.75;
  const poly = (...factors: number[]): Tensor =>
    factors
      .slice(1)
      .reduce<Tensor>(
        (sum, factor) => add(mul(sum, d), factor),
        add(mul(d, 0), factors[0] as number),
      );
  return isFar ? poly(a, -5 * a, 8 * a, -4 * a) : poly(a + 2, -(a + 3), 0, 1);
}

/** The places around a position that are read, with their weights. */
function tapsAt(mode: string, position: Tensor): Tap[] {
  const fixed = stopGradient(position);
  if (mode === "nearest") return [{ at: round(fixed), weight: undefined }];
  const low = floor(fixed);
  const rest = sub(position, low);
  if (mode === "bilinear" || mode === "linear") {
    return [
      { at: low, weight: sub(1, rest) },
      { at: add(low, 1), weight: rest },
    ];
  }
  return [
    { at: sub(low, 1), weight: cubicWeight(add(rest, 1), true) },
    { at: low, weight: cubicWeight(rest, false) },
    { at: add(low, 1), weight: cubicWeight(sub(1, rest), false) },
    { at: add(low, 2), weight: cubicWeight(sub(2, rest), true) },
  ];
}

/** Places brought inside: the edge, or mirrored at it. */
function inside(at: Tensor, size: number, padding: string, isAligned: boolean): Tensor {
  const bounds = { min: 0, max: size - 1 };
  if (padding !== "reflection") return clip(at, bounds);
  if (isAligned) {
    const span = size - 1;
    return span === 0 ? clip(at, bounds) : sub(span, abs(sub(mod(at, 2 * span), span)));
  }
  const mirrored = sub(size - 0.5, abs(sub(mod(add(at, 0.5), 2 * size), size)));
  return clip(mirrored, bounds);
}

function within(at: Tensor, size: number): Tensor {
  return logicalAnd(greaterEqual(at, 0), lessEqual(at, size - 1));
}

/** Values of images at positions that a grid gives from -1 to 1. `[B, C, H, W], [B, R, S, 2] -> [B, C, R, S]` */
function sampled(node: OnnxNode): Tensor {
  const [x, grid] = [node.tensor(0), node.tensor(1)];
  if (x.shape.length !== 4) return node.fail("reads other than two-dimensional images");
  const [batch, channels, rows, columns] = x.shape as [number, number, number, number];
  const isAligned = node.int("align_corners", 0) === 1;
  const padding = node.text("padding_mode", "zeros");
  const mode = node.text("mode", "linear");
  const spots = grid.shape.slice(0, 3);
  const positions = [columns, rows].map((size, i) => {
    const part = reshape(slice(grid, [i], [i + 1], { axes: [3] }), spots);
    const from = add(part, 1);
    return isAligned ? mul(from, (size - 1) / 2) : sub(mul(from, size / 2), 0.5);
  });
  const [across, down] = positions.map((position) => tapsAt(mode, position)) as [Tap[], Tap[]];
  const table = reshape(transpose(x, [0, 2, 3, 1]), [batch * rows * columns, channels]);
  const starts = mul(reshape(arange(batch), [batch, 1, 1]), rows * columns);
  const terms = down.flatMap((row) =>
    across.map((column) => {
      const [i, j] = [
        inside(row.at, rows, padding, isAligned),
        inside(column.at, columns, padding, isAligned),
      ];
      const value = gather(
        table,
        add(add(mul(cast(i, "int32"), columns), cast(j, "int32")), starts),
      );
      const isIn = logicalAnd(within(row.at, rows), within(column.at, columns));
      const weight = row.weight && column.weight ? mul(row.weight, column.weight) : undefined;
      const weighted = weight ? mul(value, reshape(weight, [...spots, 1])) : value;
      return padding === "zeros" ? where(reshape(isIn, [...spots, 1]), weighted, 0) : weighted;
    }),
  );
  return transpose(terms.reduce(add), [0, 3, 1, 2]);
}

/** Values put back to the places that a pool took them from, by the runtime's kernel. */
function unpooled(node: OnnxNode): Tensor {
  const [x, places] = [node.tensor(0), node.tensor(1)];
  const window = node.ints("kernel_shape") ?? [];
  const strides = node.ints("strides") ?? window.map(() => 1);
  const pads = node.ints("pads") ?? window.flatMap(() => [0, 0]);
  const space = window.map((size, i) => {
    const around = (pads[i] as number) + (pads[i + window.length] as number);
    return ((x.shape[i + 2] as number) - 1) * (strides[i] as number) + size - around;
  });
  const shape = node.optionalValues(2) ?? [...x.shape.slice(0, 2), ...space];
  const attributes = { kernel_shape: window, strides, pads };
  const gives = [{ shape, dtype: x.dtype }];
  const wanted = node.optional(2);
  return kernel("MaxUnpool", wanted ? [x, places, wanted] : [x, places], {
    gives,
    attributes,
  })[0] as Tensor;
}

/** Regions of images at one size, by the runtime's kernel. */
function regions(node: OnnxNode): Tensor {
  const inputs = [node.tensor(0), node.tensor(1), cast(node.tensor(2), "int64")];
  const [height, width] = [node.int("output_height", 1), node.int("output_width", 1)];
  const usual = node.around.opset < 16 ? "output_half_pixel" : "half_pixel";
  const [x, boxes] = inputs as [Tensor, Tensor];
  const attributes = {
    coordinate_transformation_mode: node.text("coordinate_transformation_mode", usual),
    mode: node.text("mode", "avg"),
    output_height: height,
    output_width: width,
    sampling_ratio: node.int("sampling_ratio", 0),
    spatial_scale: { float: node.float("spatial_scale", 1) },
  };
  const shape = [boxes.shape[0] as number, x.shape[1] as number, height, width];
  return kernel("RoiAlign", inputs, {
    gives: [{ shape, dtype: x.dtype }],
    attributes,
  })[0] as Tensor;
}

/** Operations that read images at places. */
export const imageReaders: ReaderTable = {
  GridSample: sampled,
  MaxUnpool: unpooled,
  RoiAlign: regions,
};
