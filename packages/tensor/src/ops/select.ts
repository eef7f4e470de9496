import { type DType, isFloating } from "../dtype.ts";
import { DTypeError, operandsText, ShapeError } from "../errors.ts";
import { makeTensor, nondifferentiable, type OpSpec, type Tensor } from "../graph/node.ts";
import { scalar } from "../graph/source.ts";
import { broadcast, type Shape, type TensorType } from "../shape.ts";
import { broadcastTypes, type Operand, toTensor, toTensors } from "./define.ts";
import { expand } from "./movement.ts";

/** A choice element by element; `where`'s row. */
export const whereSpec: OpSpec = {
  name: "where",
  infer(inputs) {
    const [condition, a, b] = inputs as readonly [TensorType, TensorType, TensorType];
    if (condition.dtype !== "bool") {
      const rule = `the condition must be bool, got ${operandsText(inputs)}.`;
      throw new DTypeError("where", rule, inputs);
    }
    const chosen = broadcastTypes("where", [a, b]);
    const shape = broadcast(condition.shape, chosen.shape);
    if (!shape) {
      const rule = `shapes do not broadcast: ${operandsText(inputs)}; aligned at the last axis, sizes must be equal or 1.`;
      throw new ShapeError("where", rule, inputs);
    }
    return [{ shape, dtype: chosen.dtype }];
  },
  gradient({ inputs: [condition, a, b], dy }, ops) {
    return [
      undefined,
      ops.sumTo(ops.where(condition, dy, 0), a.shape),
      ops.sumTo(ops.where(condition, 0, dy), b.shape),
    ];
  },
  lower(emit, inputs, { outputs: [type] }) {
    if (type?.dtype !== "bool") return [emit.one("Where", inputs)];
    const [condition, ...values] = inputs as readonly [string, ...string[]];
    const bytes = values.map((name) => emit.cast(name, "uint8"));
    return [emit.cast(emit.one("Where", [condition, ...bytes]), "bool")];
  },
};

/** a where the condition holds, b elsewhere; all three are broadcast against each other. */
export function where(condition: Operand, a: Operand, b: Operand): Tensor {
  return makeTensor(whereSpec, [toTensor(condition), ...toTensors([a, b])], {});
}

/** Another dtype; `cast`'s row. */
export const castSpec: OpSpec<{ readonly to: DType }> = {
  name: "cast",
  infer: ([x], { to }) => [{ shape: (x as TensorType).shape, dtype: to }],
  gradient: ({ inputs: [x], dy }, ops) => [isFloating(x.dtype) ? ops.cast(dy, x.dtype) : undefined],
  lower: (emit, [x], { attributes: { to } }) => [emit.cast(x as string, to)],
};

/** The values as another dtype: towards zero for whole numbers, `x != 0` for bool. `[...] -> [...]` */
export function cast(x: Operand, to: DType): Tensor {
  const tensor = toTensor(x, to);
  return tensor.dtype === to ? tensor : makeTensor(castSpec, [tensor], { to });
}

/** The same values, cut off from gradients; `stopGradient`'s row. */
export const stopGradientSpec: OpSpec = {
  name: "stopGradient",
  infer: ([x]) => [x as TensorType],
  gradient: nondifferentiable("it stops gradients"),
  lower: (_, inputs) => inputs,
  flops: () => 0,
};

/** The same values, through which no gradient flows. `[...] -> [...]` */
export function stopGradient(x: Operand): Tensor {
  return makeTensor(stopGradientSpec, [toTensor(x)], {});
}

/** A tensor that holds one number everywhere. `[] -> shape` */
export function full(shape: Shape, value: number, dtype: DType = "float32"): Tensor {
  return expand(scalar(value, dtype), shape);
}

/** Zeros of another tensor's shape and dtype. */
export function zerosLike(x: Operand): Tensor {
  const { shape, dtype } = toTensor(x);
  return full(shape, 0, dtype);
}

/** Ones of another tensor's shape and dtype. */
export function onesLike(x: Operand): Tensor {
  const { shape, dtype } = toTensor(x);
  return full(shape, 1, dtype);
}
