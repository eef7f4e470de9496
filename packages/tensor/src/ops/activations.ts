import { makeTensor, type OpSpec, type Tensor } from "../graph/node.ts";
import type { TensorType } from "../shape.ts";
import { mul } from "./arithmetic.ts";
import { type Operand, requireClass, toTensor, type Unary, unary } from "./define.ts";
import { log1p } from "./elementwise.ts";
import { tanh } from "./trigonometry.ts";

/** 1 / (1 + e^-x). */
export const sigmoid: Unary = unary("sigmoid", {
  onnx: "Sigmoid",
  evaluate: (x) => 1 / (1 + Math.exp(-x)),
  gradient: ({ outputs: [y], dy }, ops) => [ops.mul(dy, ops.mul(y, ops.sub(1, y)))],
});

/** log(1 + e^x), without overflow. */
export const softplus: Unary = unary("softplus", {
  onnx: "Softplus",
  evaluate: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
  gradient: ({ inputs: [x], dy }, ops) => [ops.mul(dy, ops.sigmoid(x))],
});

/** The logarithm of the sigmoid, -log(1 + e^-x), without overflow and with all its digits where it is near 0. */
export const logSigmoid: Unary = unary("logSigmoid", {
  // The runtime's Softplus takes the logarithm of 1 + e^-x, which loses e^-x's digits where that is small.
  onnx(emit, [x], type) {
    const decay = emit.one("Exp", [emit.one("Neg", [emit.one("Abs", [x as string])])]);
    const like = { attributes: {}, inputs: [type], outputs: [type] };
    const [over] = log1p.spec.lower(emit, [decay], like) as readonly [string];
    const least = emit.one("Min", [x as string, emit.scalar(0, type.dtype)]);
    return emit.one("Sub", [least, over]);
  },
  evaluate: (x) => Math.min(x, 0) - Math.log1p(Math.exp(-Math.abs(x))),
  // Not 1 - sigmoid, which is a difference of numbers near 1.
  gradient: ({ inputs: [x], dy }, ops) => [ops.mul(dy, ops.exp(ops.neg(ops.softplus(x))))],
});

/** max(x, 0); the gradient at 0 is 0. */
export const relu: Unary = unary("relu", {
  onnx: "Relu",
  evaluate: (x) => Math.max(x, 0),
  gradient: ({ outputs: [y], dy }, ops) => [ops.mul(dy, ops.cast(ops.greater(y, 0), dy.dtype))],
});

/** x above 0, slope x below; `leakyRelu`'s row. */
export const leakyReluSpec: OpSpec<{ readonly slope: number }> = {
  name: "leakyRelu",
  infer: (inputs) => floatLike("leakyRelu", inputs),
  gradient: ({ inputs: [x], dy, attributes: { slope } }, ops) => [
    ops.where(ops.greater(x, 0), dy, ops.mul(dy, slope)),
  ],
  lower: (emit, inputs, { attributes: { slope } }) => [
    emit.one("LeakyRelu", inputs, { alpha: { float: slope } }),
  ],
};

/** x above 0 and slope x below, 0.01 x unless said (Maas et al. 2013); the gradient at 0 is the slope. `[...] -> [...]` */
export function leakyRelu(x: Operand, { slope = 0.01 }: { readonly slope?: number } = {}): Tensor {
  return makeTensor(leakyReluSpec, [toTensor(x)], { slope });
}

/** x above 0, alpha (e^x - 1) below; `elu`'s row. */
export const eluSpec: OpSpec<{ readonly alpha: number }> = {
  name: "elu",
  infer: (inputs) => floatLike("elu", inputs),
  gradient: ({ inputs: [x], outputs: [y], dy, attributes: { alpha } }, ops) => [
    ops.where(ops.greater(x, 0), dy, ops.mul(dy, ops.add(y, alpha))),
  ],
  lower: (emit, inputs, { attributes: { alpha } }) => [
    emit.one("Elu", inputs, { alpha: { float: alpha } }),
  ],
};

/** x above 0 and alpha (e^x - 1) below (Clevert et al. 2015); alpha is 1 unless said. `[...] -> [...]` */
export function elu(x: Operand, { alpha = 1 }: { readonly alpha?: number } = {}): Tensor {
  return makeTensor(eluSpec, [toTensor(x)], { alpha });
}

/** λ and λα of Klambauer et al. (2017), section 2: the pair that keeps mean 0 and variance 1. */
const seluScale = 1.0507009873554805;
const seluFloor = 1.7580993408473766;

/** λ x above 0 and λα (e^x - 1) below (Klambauer et al. 2017). */
export const selu: Unary = unary("selu", {
  onnx: "Selu",
  evaluate: (x) => (x > 0 ? seluScale * x : seluFloor * Math.expm1(x)),
  gradient: ({ inputs: [x], outputs: [y], dy }, ops) => [
    ops.mul(dy, ops.where(ops.greater(x, 0), seluScale, ops.add(y, seluFloor))),
  ],
});

/** x sigmoid(x), also called swish. */
export const silu: Unary = unary("silu", {
  onnx: (emit, inputs) => emit.one("QuickGelu", inputs, { alpha: { float: 1 } }, "com.microsoft"),
  evaluate: (x) => x / (1 + Math.exp(-x)),
  gradient({ inputs: [x], dy }, ops) {
    const gate = ops.sigmoid(x);
    return [ops.mul(dy, ops.mul(gate, ops.add(ops.mul(x, ops.sub(1, gate)), 1)))];
  },
});

/** x tanh(softplus(x)) (Misra 2019). `[...] -> [...]` */
export function mish(x: Operand): Tensor {
  const tensor = toTensor(x);
  return mul(tensor, tanh(softplus(tensor)));
}

/** x / 6 + 1/2, cut off at 0 and 1: a sigmoid of straight lines. */
export const hardSigmoid: Unary = unary("hardSigmoid", {
  onnx: (emit, inputs) =>
    emit.one("HardSigmoid", inputs, { alpha: { float: 1 / 6 }, beta: { float: 0.5 } }),
  evaluate: (x) => Math.min(Math.max(x / 6 + 0.5, 0), 1),
  gradient: ({ inputs: [x], dy }, ops) => [
    ops.where(ops.less(ops.abs(x), 3), ops.mul(dy, 1 / 6), 0),
  ],
});

/** x hardSigmoid(x) (Howard et al. 2019). `[...] -> [...]` */
export function hardSwish(x: Operand): Tensor {
  const tensor = toTensor(x);
  return mul(tensor, hardSigmoid(tensor));
}

function floatLike(op: string, [x]: readonly TensorType[]): TensorType[] {
  requireClass(op, [x as TensorType], "float");
  return [x as TensorType];
}
