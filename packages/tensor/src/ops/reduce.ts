import { ShapeError } from "../errors.ts";
import type { Emit } from "../graph/emit.ts";
import {
  type GradientContext,
  type LoweredNode,
  makeTensor,
  nondifferentiable,
  type OpSpec,
  type Ops,
  type Tensor,
} from "../graph/node.ts";
import { broadcastAxes, type Shape, sizeOf, type TensorType, typeText } from "../shape.ts";
import { mul, sub } from "./arithmetic.ts";
import { type DTypeClass, type Operand, requireAxis, requireClass, toTensor } from "./define.ts";
import { reshape } from "./movement.ts";

/** Which axes a reduction removes; all of them unless said. */
export interface ReduceOptions {
  readonly axes?: readonly number[] | number;
  /** Whether the axes stay, with size 1. */
  readonly keepDims?: boolean;
}

type ReduceAttributes = { readonly axes: readonly number[]; readonly keepDims: boolean };

/** A reduction over axes: `[...] -> [... without the axes]`. */
export type Reduction = ((x: Operand, options?: ReduceOptions) => Tensor) & {
  readonly spec: OpSpec<ReduceAttributes>;
};

/** The shape that is left when axes are removed, or kept with size 1. */
function reducedShape(shape: Shape, axes: readonly number[], keepDims: boolean): Shape {
  const left = keepDims ? [1] : [];
  return shape.flatMap((size, axis) => (axes.includes(axis) ? left : [size]));
}

/** Axes counted from the front, in order, each once. */
function frontAxes(op: string, type: TensorType, axes: ReduceOptions["axes"]): number[] {
  if (axes === undefined) return type.shape.map((_, axis) => axis);
  const list = typeof axes === "number" ? [axes] : axes;
  return [...new Set(list.map((axis) => requireAxis(op, axis, type)))].sort((a, b) => a - b);
}

/** The output's gradient with the removed axes put back as size 1, so that it broadcasts to the input. */
function spread({ inputs: [x], attributes, dy }: GradientContext<ReduceAttributes>): Tensor {
  return reshape(dy, reducedShape(x.shape, attributes.axes, true));
}

interface ReduceRow {
  readonly onnx: string;
  readonly gradient: OpSpec<ReduceAttributes>["gradient"];
  readonly expand?: NonNullable<OpSpec<ReduceAttributes>["expand"]>;
  readonly takes?: DTypeClass;
  /** The result over no values; a reduction without one refuses axes of size zero. */
  readonly empty: number | undefined;
}

/** Refuses to reduce axes of size zero where nothing is there to give. */
function requireValues(op: string, type: TensorType, axes: readonly number[]): void {
  const axis = axes.find((axis) => type.shape[axis] === 0);
  if (axis !== undefined) {
    const rule = `there are no values along axis ${axis} of x ${typeText(type)}.`;
    throw new ShapeError(op, rule, [type]);
  }
}

/** Lowers a reduction; over no values it is a constant, for some kernels give something else there. */
function lowerReduction(
  { onnx, empty }: ReduceRow,
  emit: Emit,
  x: string,
  { attributes: { axes, keepDims }, inputs, outputs }: LoweredNode<ReduceAttributes>,
): string {
  const [{ shape: from, dtype }, { shape }] = [inputs[0] as TensorType, outputs[0] as TensorType];
  if (empty !== undefined && axes.some((axis) => from[axis] === 0)) {
    return emit.one("Expand", [emit.scalar(empty, dtype), emit.sizes(shape)]);
  }
  const reduce = (name: string): string =>
    emit.one(onnx, [name, emit.sizes(axes)], { keepdims: Number(keepDims) });
  const isWidened = dtype === "uint8" && onnx !== "ReduceMax" && onnx !== "ReduceMin";
  return isWidened ? emit.cast(reduce(emit.cast(x, "int32")), dtype) : reduce(x);
}

/** The row and the function of a reduction. */
function reduction(name: string, row: ReduceRow): Reduction {
  const { gradient, expand, takes = "float" } = row;
  const spec: OpSpec<ReduceAttributes> = {
    name,
    gradient,
    ...(expand && { expand }),
    infer([x], { axes, keepDims }) {
      const { shape, dtype } = x as TensorType;
      requireClass(name, [x as TensorType], takes);
      if (row.empty === undefined) requireValues(name, x as TensorType, axes);
      return [{ shape: reducedShape(shape, axes, keepDims), dtype }];
    },
    lower: (emit, [x], node) => [lowerReduction(row, emit, x as string, node)],
    flops: ([x]) => sizeOf((x as TensorType).shape),
  };
  const build = (x: Operand, { axes, keepDims = false }: ReduceOptions = {}): Tensor => {
    const tensor = toTensor(x);
    const front = frontAxes(name, tensor, axes);
    if (front.length > 0) return makeTensor(spec, [tensor], { axes: front, keepDims });
    requireClass(name, [tensor], takes);
    return tensor;
  };
  return Object.assign(build, { spec });
}

/** The sum over axes. `[...] -> [... without the axes]` */
export const sum: Reduction = reduction("sum", {
  onnx: "ReduceSum",
  takes: "number",
  empty: 0,
  gradient: (context, { expand }) => [expand(spread(context), context.inputs[0].shape)],
});

/** The mean over axes, not a number over none. `[...] -> [... without the axes]` */
export const mean: Reduction = reduction("mean", {
  onnx: "ReduceMean",
  empty: Number.NaN,
  gradient(context, { expand, mul }) {
    const { shape } = context.inputs[0];
    const count = countAlong(shape, context.attributes.axes);
    return [expand(mul(spread(context), 1 / count), shape)];
  },
});

/** How many values fall into one. */
function countAlong(shape: Shape, axes: readonly number[]): number {
  return sizeOf(axes.map((axis) => shape[axis] as number));
}

/** The gradient of an extremum: those that attain it share in equal parts. */
function shareAmongTies(context: GradientContext<ReduceAttributes>, ops: Ops): Tensor[] {
  const { inputs, outputs, attributes, dy } = context;
  const kept = reducedShape(inputs[0].shape, attributes.axes, true);
  const attains = ops.cast(ops.equal(inputs[0], ops.reshape(outputs[0], kept)), dy.dtype);
  const count = ops.sum(attains, { axes: attributes.axes, keepDims: true });
  return [ops.mul(attains, ops.div(spread(context), count))];
}

/** The largest value over axes; equals share the gradient. `[...] -> [... without the axes]` */
export const max: Reduction = reduction("max", {
  onnx: "ReduceMax",
  takes: "number",
  empty: undefined,
  gradient: shareAmongTies,
});

/** The smallest value over axes; equals share the gradient. `[...] -> [... without the axes]` */
export const min: Reduction = reduction("min", {
  onnx: "ReduceMin",
  takes: "number",
  empty: undefined,
  gradient: shareAmongTies,
});

/**
 * The product over axes. Its gradient is that of a tree of products, which divides by nothing: it holds where
 * values are zero, and is differentiable again. `[...] -> [... without the axes]`
 */
export const prod: Reduction = reduction("prod", {
  onnx: "ReduceProd",
  takes: "number",
  empty: 1,
  gradient: "expansion",
  expand([x], { axes, keepDims }, ops) {
    const { shape } = x as Tensor;
    const rest = shape.flatMap((_, axis) => (axes.includes(axis) ? [] : [axis]));
    const lead = rest.map((axis) => shape[axis] as number);
    const last = rest.length;
    const ordered = ops.transpose(x as Tensor, [...rest, ...axes]);
    let factors = ops.reshape(ordered, [...lead, countAlong(shape, axes)]);
    for (let count = factors.shape[last] as number; count > 1; count = Math.ceil(count / 2)) {
      const half = Math.floor(count / 2);
      const take = (from: number, to: number): Tensor =>
        ops.slice(factors, [from], [to], { axes: [last] });
      const pairs = ops.mul(take(0, half), take(half, 2 * half));
      factors = count % 2 === 0 ? pairs : ops.concat([pairs, take(count - 1, count)], last);
    }
    const product = factors.shape[last] === 0 ? ops.full(lead, 1, factors.dtype) : factors;
    return [ops.reshape(product, reducedShape(shape, axes, keepDims))];
  },
});

/** The logarithm of the sum of e^x over axes, without overflow. `[...] -> [... without the axes]` */
export const logSumExp: Reduction = reduction("logSumExp", {
  onnx: "ReduceLogSumExp",
  empty: Number.NEGATIVE_INFINITY,
  gradient(context, ops) {
    const { axes } = context.attributes;
    const [x] = context.inputs;
    const y = ops.reshape(ops.stopGradient(context.outputs[0]), reducedShape(x.shape, axes, true));
    const weights = ops.exp(ops.sub(x, ops.where(ops.isFinite(y), y, 0)));
    // They sum to 1 but for the rounding of y, or to 0 where all of x is minus infinity.
    const total = ops.maximum(ops.sum(weights, { axes, keepDims: true }), 0.5);
    return [ops.mul(weights, ops.div(spread(context), total))];
  },
});

/** Whether any is true over axes, false over none. `[...] -> [... without the axes]` */
export const any: Reduction = reduction("any", {
  onnx: "ReduceMax",
  takes: "bool",
  empty: 0,
  gradient: nondifferentiable("its values are true or false"),
});

/** Whether all are true over axes, true over none. `[...] -> [... without the axes]` */
export const all: Reduction = reduction("all", {
  onnx: "ReduceMin",
  takes: "bool",
  empty: 1,
  gradient: nondifferentiable("its values are true or false"),
});

/** Which axes a variance removes, and what it divides by. */
export interface VarianceOptions extends ReduceOptions {
  /** What is taken from the count of values before dividing: 1 unless said, 0 for a whole population. */
  readonly correction?: number;
}

/**
 * The mean squared distance from the mean over axes. `[...] -> [... without the axes]`
 *
 * @throws ShapeError when there are no more values than the correction.
 */
export function variance(x: Operand, options: VarianceOptions = {}): Tensor {
  const { axes, keepDims = false, correction = 1 } = options;
  const tensor = toTensor(x);
  requireClass("variance", [tensor], "float");
  const front = frontAxes("variance", tensor, axes);
  const count = countAlong(tensor.shape, front);
  if (count <= correction) {
    const got = `x ${typeText(tensor)} has ${count} over axes [${front.join(",")}]`;
    const rule = `needs more than ${correction} values with correction ${correction}, ${got}.`;
    throw new ShapeError("variance", rule, [tensor]);
  }
  const distance = sub(tensor, mean(tensor, { axes: front, keepDims: true }));
  const total = sum(mul(distance, distance), { axes: front, keepDims });
  return mul(total, 1 / (count - correction));
}

/** Sums the axes that broadcasting repeated, so that `x` gets the shape it was broadcast from. */
export function sumTo(x: Operand, shape: Shape): Tensor {
  const tensor = toTensor(x);
  const axes = broadcastAxes(shape, tensor.shape);
  return reshape(axes.length === 0 ? tensor : sum(tensor, { axes, keepDims: true }), shape);
}
