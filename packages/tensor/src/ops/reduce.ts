import {
  makeTensor,
  type GradientContext,
  type OpSpec,
  type Tensor,
} from "../graph/node.ts";
import { broadcastAxes, type Shape, sizeOf, type TensorType } from "../shape.ts";
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
  return shape.flatMap((size, axis) => (!axes.includes(axis) ? [size] : keepDims ? [1] : []));
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
  readonly takes?: DTypeClass;
  gradient: OpSpec<ReduceAttributes>["gradient"];
}

/** The row and the function of a reduction. */
function reduction(name: string, row: ReduceRow): Reduction {
  const spec: OpSpec<ReduceAttributes> = {
    name,
    gradient: row.gradient,
    infer([x], { axes, keepDims }) {
      requireClass(name, [x as TensorType], row.takes ?? "float");
      const { shape, dtype } = x as TensorType;
      return [{ shape: reducedShape(shape, axes, keepDims), dtype }];
    },
    lower(emit, [x], { attributes: { axes, keepDims } }) {
      const inputs = [x as string, emit.sizes(axes)];
      return [emit.one(row.onnx, inputs, { keepdims: Number(keepDims) })];
    },
    flops: ([x]) => sizeOf((x as TensorType).shape),
  };
  const build = (x: Operand, { axes, keepDims = false }: ReduceOptions = {}): Tensor => {
    const tensor = toTensor(x);
    const front = frontAxes(name, tensor, axes);
    return front.length === 0 ? tensor : makeTensor(spec, [tensor], { axes: front, keepDims });
  };
  return Object.assign(build, { spec });
}

/** The sum over axes. `[...] -> [... without the axes]` */
export const sum: Reduction = reduction("sum", {
  onnx: "ReduceSum",
  takes: "number",
  gradient: (context, { expand }) => [expand(spread(context), context.inputs[0].shape)],
});

/** Sums the axes that broadcasting repeated, so that `x` gets the shape it was broadcast from. */
export function sumTo(x: Operand, shape: Shape): Tensor {
  const tensor = toTensor(x);
  const axes = broadcastAxes(shape, tensor.shape);
  return reshape(axes.length === 0 ? tensor : sum(tensor, { axes, keepDims: true }), shape);
}
