import { isFloating } from "../../dtype.ts";
import type { Tensor } from "../../graph/node.ts";
import {
  add,
  cast,
  clip,
  conv,
  div,
  expand,
  full,
  matmul,
  max,
  maximum,
  min,
  minimum,
  mod,
  mul,
  reshape,
  round,
  slice,
  stack,
  sub,
} from "../../ops/index.ts";
import { sizeOf } from "../../shape.ts";
import { elementNumber, elementTypeOf } from "./element-types.ts";
import type { OnnxNode, Read, ReaderTable } from "./onnx-node.ts";
import { wholeProduct, zeroPoint } from "./read-products.ts";
import { placed } from "./read-windows.ts";

/** A scale or zero point laid along the axis of x that it speaks of, or along blocks of it. */
function laid(node: OnnxNode, vector: Tensor, x: Tensor, axis: number): Tensor {
  const block = node.int("block_size", 0);
  if (vector.shape.length > 1 && block > 0) {
    const thin = [...vector.shape.slice(0, axis + 1), 1, ...vector.shape.slice(axis + 1)];
    const wide = expand(reshape(vector, thin), thin.with(axis + 1, block));
    const joined = reshape(wide, vector.shape.with(axis, (vector.shape[axis] as number) * block));
    return slice(joined, [0], [x.shape[axis] as number], { axes: [axis] });
  }
  if (vector.shape.length !== 1 || vector.shape[0] === 1) {
    return sizeOf(vector.shape) === 1 ? reshape(vector, []) : vector;
  }
  return reshape(
    vector,
    x.shape.map((size, i) => (i === axis ? size : 1)),
  );
}

/** (x - zero point) scale. */
function dequantized(node: OnnxNode): Tensor {
  const [x, scale] = [node.tensor(0), node.tensor(1)];
  const axis = node.axis(1, x.shape.length);
  const point = node.optional(2);
  const whole = cast(x, "int32");
  const centred = point ? sub(whole, laid(node, cast(point, "int32"), x, axis)) : whole;
  return mul(cast(centred, scale.dtype), laid(node, scale, x, axis));
}

/** round(x / scale) + zero point, held in the range of a type. */
function intoRange(node: OnnxNode, x: Tensor, point: Tensor | undefined, type: number): Tensor {
  const { range } = elementTypeOf(type);
  if (!range) return node.fail("quantises to a type that Quire cannot hold");
  const rounded = round(x);
  const moved = point ? add(rounded, cast(point, x.dtype)) : rounded;
  return node.as(clip(moved, { min: range[0], max: range[1] }), type);
}

/** The type of a zero point, or of the node's outputs, or 8 bits without a sign. */
function quantizedType(node: OnnxNode, point: Tensor | undefined): number {
  if (!point) return node.int("output_dtype", 0) || elementNumber("uint8");
  return elementNumber(node.around.typeOf(point)?.name ?? point.dtype);
}

function quantized(node: OnnxNode): Tensor {
  const given = node.tensor(0);
  const x = isFloating(given.dtype) ? given : cast(given, "float32");
  const axis = node.axis(1, x.shape.length);
  const point = node.optional(2);
  const ratio = div(x, laid(node, cast(node.tensor(1), x.dtype), x, axis));
  const laidPoint = point && laid(node, point, x, axis);
  return intoRange(node, ratio, laidPoint, quantizedType(node, point));
}

/** 8 bits without a sign over the range of x and zero; gives the scale and the zero point too. */
function quantizedByRange(node: OnnxNode): [y: Tensor, scale: Tensor, point: Tensor] {
  const x = node.tensor(0);
  const high = maximum(max(x), 0);
  const low = minimum(min(x), 0);
  const scale = div(sub(high, low), 255);
  const type = elementNumber("uint8");
  const point = intoRange(node, div(sub(0, low), scale), undefined, type);
  return [intoRange(node, div(x, scale), point, type), scale, point];
}

/** A scale of rows or columns as a factor of a product. */
function factor(scale: Tensor, side: "rows" | "columns"): Tensor {
  if (scale.shape.length !== 1 || side === "columns") return scale;
  return scale.shape[0] === 1 ? reshape(scale, []) : reshape(scale, [...scale.shape, 1]);
}

/** The exact whole product, scaled to the result's range. */
function quantizedProduct(node: OnnxNode): Tensor {
  const [a, b] = [cast(node.tensor(0), "int32"), cast(node.tensor(3), "int32")];
  const left = sub(a, zeroPoint(node.tensor(2), "rows"));
  const whole = wholeProduct(left, sub(b, zeroPoint(node.tensor(5), "columns")));
  const scale = mul(factor(node.tensor(1), "rows"), factor(node.tensor(4), "columns"));
  const point = node.tensor(7);
  const value = div(mul(cast(whole, "float32"), scale), node.tensor(6));
  return intoRange(node, value, point, quantizedType(node, point));
}

/** A convolution of whole numbers less their zero points, as exact as float32 is. */
function wholeConvolution(
  node: OnnxNode,
  [x, weight]: readonly [x: Tensor, weight: Tensor],
  points: readonly [x: Tensor | undefined, weight: Tensor | undefined],
): Tensor {
  const [xPoint, weightPoint] = points;
  const { kernel: _, ...windows } = placed(node, x, weight.shape.slice(2));
  const centred = (values: Tensor, point: Tensor | undefined): Tensor => {
    const numbers = cast(values, "float32");
    return point ? sub(numbers, laid(node, cast(point, "float32"), values, 0)) : numbers;
  };
  const options = { ...windows, groups: node.int("group", 1) };
  return conv(centred(x, xPoint), centred(weight, weightPoint), undefined, options);
}

function integerConvolution(node: OnnxNode): Tensor {
  const operands = [node.tensor(0), node.tensor(1)] as const;
  return cast(wholeConvolution(node, operands, [node.optional(2), node.optional(3)]), "int32");
}

function quantizedConvolution(node: OnnxNode): Tensor {
  const operands = [node.tensor(0), node.tensor(3)] as const;
  const sums = wholeConvolution(node, operands, [node.tensor(2), node.tensor(5)]);
  const bias = node.optional(8);
  const total = bias ? add(sums, channels(cast(bias, "float32"), sums)) : sums;
  const scale = channels(mul(node.tensor(1), node.tensor(4)), sums);
  const point = node.tensor(7);
  const value = div(mul(total, scale), node.tensor(6));
  return intoRange(node, value, point, quantizedType(node, point));
}

/** One value a channel, or one for all. */
function channels(vector: Tensor, y: Tensor): Tensor {
  if (sizeOf(vector.shape) === 1) return reshape(vector, []);
  return reshape(
    vector,
    y.shape.slice(1).map((size, i) => (i === 0 ? size : 1)),
  );
}

/** A whole product brought back to floating-point values, with a bias. */
function productToFloat(node: OnnxNode): Tensor {
  const [a, b] = [cast(node.tensor(0), "int32"), cast(node.tensor(1), "int32")];
  const left = sub(a, zeroPoint(node.optional(4), "rows"));
  const whole = wholeProduct(left, sub(b, zeroPoint(node.optional(5), "columns")));
  const scale = mul(factor(node.tensor(2), "rows"), factor(node.tensor(3), "columns"));
  const y = mul(cast(whole, "float32"), scale);
  const bias = node.optional(6);
  return bias ? add(y, bias) : y;
}

/** x quantised by its range, times whole numbers. */
function dynamicProduct(node: OnnxNode): Tensor {
  const [a, aScale, aPoint] = quantizedByRange(node);
  const left = sub(cast(a, "int32"), cast(aPoint, "int32"));
  const right = sub(cast(node.tensor(1), "int32"), zeroPoint(node.optional(3), "columns"));
  const scale = mul(aScale, factor(node.tensor(2), "columns"));
  const y = mul(cast(wholeProduct(left, right), "float32"), scale);
  const bias = node.optional(4);
  return bias ? add(y, bias) : y;
}

/** Two 4-bit numbers a byte, the lower half first. `[...] -> int32 [..., 2]` */
function halves(bytes: Tensor): Tensor {
  const whole = cast(bytes, "int32");
  return stack([mod(whole, 16), div(whole, 16)], -1);
}

/** x times the transpose of a matrix whose rows stand in blocks of 4 or 8 bits, each with its scale. */
function blockProduct(node: OnnxNode): Tensor {
  const [x, packed, scales] = [node.tensor(0), node.tensor(1), node.tensor(2)];
  const [inner, rows] = [node.int("K", 0), node.int("N", 0)];
  const [bits, block] = [node.int("bits", 4), node.int("block_size", 32)];
  if ((bits !== 4 && bits !== 8) || node.optional(4)) {
    return node.fail("has other than 4 or 8 bits, or groups, which Quire does not read");
  }
  const count = Math.ceil(inner / block);
  const numbers = (bytes: Tensor): Tensor => (bits === 4 ? halves(bytes) : cast(bytes, "int32"));
  const whole = reshape(numbers(packed), [rows, count, block]);
  const given = node.optional(3);
  const isWholePoint = given !== undefined && !isFloating(given.dtype);
  const perRow = bits === 4 ? 2 * Math.ceil(count / 2) : count;
  const points = isWholePoint
    ? slice(reshape(numbers(given), [rows, perRow]), [0], [count], { axes: [1] })
    : (given ?? full([rows, count], 2 ** (bits - 1), "int32"));
  const point = reshape(cast(points, x.dtype), [rows, count, 1]);
  const centred = sub(cast(whole, x.dtype), point);
  const values = reshape(mul(centred, reshape(scales, [rows, count, 1])), [rows, count * block]);
  const weight = slice(values, [0], [inner], { axes: [1] });
  const y = matmul(x, weight, { transposeB: true });
  const bias = node.optional(5);
  return bias ? add(y, bias) : y;
}

/** A sum or product of quantised values. */
function quantizedPair(build: typeof add): (node: OnnxNode) => Read {
  return (node) => {
    const value = (i: number): Tensor => {
      const [x, scale, point] = [node.tensor(i), node.tensor(i + 1), node.optional(i + 2)];
      const whole = cast(x, "int32");
      return mul(cast(point ? sub(whole, cast(point, "int32")) : whole, "float32"), scale);
    };
    const point = node.optional(7);
    const y = div(build(value(0), value(3)), node.tensor(6));
    return intoRange(node, y, point, quantizedType(node, point));
  };
}

/** Quantisation and products of whole numbers. */
export const quantizedReaders: ReaderTable = {
  ConvInteger: integerConvolution,
  DequantizeLinear: dequantized,
  DynamicQuantizeLinear: quantizedByRange,
  QLinearConv: quantizedConvolution,
  QLinearMatMul: quantizedProduct,
  QuantizeLinear: quantized,
};

/** Quantised operations as ONNX Runtime fuses them. */
export const fusedQuantizedReaders: ReaderTable = {
  DynamicQuantizeMatMul: dynamicProduct,
  MatMulIntegerToFloat: productToFloat,
  MatMulNBits: blockProduct,
  QLinearAdd: quantizedPair(add),
  QLinearMul: quantizedPair(mul),
};
