import { ShapeError } from "../errors.ts";
import { makeTensor, nondifferentiable, type OpSpec, type Tensor } from "../graph/node.ts";
import { sizeOf, type TensorType, typeText } from "../shape.ts";
import { type Operand, requireAxis, requireClass, toTensor } from "./define.ts";

/** Along which axis an extremum is looked for. */
export interface ArgOptions {
  /** The last axis unless said. */
  readonly axis?: number;
  /** Whether the axis stays, with size 1. */
  readonly keepDims?: boolean;
}

type ArgAttributes = { readonly axis: number; readonly keepDims: boolean };

/** The position of an extremum along an axis: `[..., N, ...] -> int32 [..., ...]`. */
export type Argument = ((x: Operand, options?: ArgOptions) => Tensor) & {
  readonly spec: OpSpec<ArgAttributes>;
};

/** The row and the function of a search for an extremum. */
function argument(name: string, onnx: string): Argument {
  const spec: OpSpec<ArgAttributes> = {
    name,
    gradient: nondifferentiable("its values are positions"),
    infer([x], { axis, keepDims }) {
      const type = x as TensorType;
      requireClass(name, [type], "number");
      if (type.shape[axis] === 0) {
        const rule = `there are no values along axis ${axis} of x ${typeText(type)}.`;
        throw new ShapeError(name, rule, [type]);
      }
      const shape = type.shape.flatMap((size, i) => {
        if (i !== axis) return [size];
        return keepDims ? [1] : [];
      });
      return [{ shape, dtype: "int32" }];
    },
    lower(emit, inputs, { attributes: { axis, keepDims } }) {
      return [emit.cast(emit.one(onnx, inputs, { axis, keepdims: Number(keepDims) }), "int32")];
    },
    flops: ([x]) => sizeOf((x as TensorType).shape),
  };
  const build = (x: Operand, { axis = -1, keepDims = false }: ArgOptions = {}): Tensor => {
    const tensor = toTensor(x);
    return makeTensor(spec, [tensor], { axis: requireAxis(name, axis, tensor), keepDims });
  };
  return Object.assign(build, { spec });
}

/** Where the largest value along an axis stands, the first among equals. `[..., N, ...] -> int32 [..., ...]` */
export const argmax: Argument = argument("argmax", "ArgMax");

/** Where the smallest value along an axis stands, the first among equals. `[..., N, ...] -> int32 [..., ...]` */
export const argmin: Argument = argument("argmin", "ArgMin");
