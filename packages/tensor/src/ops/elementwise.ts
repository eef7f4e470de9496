import { makeTensor, nondifferentiable, type OpSpec, type Tensor } from "../graph/node.ts";
import type { TensorType } from "../shape.ts";
import { mul } from "./arithmetic.ts";
import { type Operand, requireClass, toTensor, type Unary, unary } from "./define.ts";

/** Minus x. */
export const neg: Unary = unary("neg", {
  onnx: (emit, inputs, { dtype }) =>
    dtype === "uint8"
      ? emit.one("Sub", [emit.scalar(0, dtype), ...inputs])
      : emit.one("Neg", inputs),
  takes: "number",
  evaluate: (x) => -x,
  gradient: ({ dy }, ops) => [ops.neg(dy)],
});

/** |x|; the gradient at 0 is 0. */
export const abs: Unary = unary("abs", {
  onnx: "Abs",
  takes: "number",
  evaluate: Math.abs,
  gradient: ({ inputs: [x], dy }, ops) => [ops.mul(dy, ops.sign(ops.stopGradient(x)))],
});

/** e to the power x. */
export const exp: Unary = unary("exp", {
  onnx: "Exp",
  evaluate: Math.exp,
  gradient: ({ outputs: [y], dy }, ops) => [ops.mul(dy, y)],
});

/** The natural logarithm. */
export const log: Unary = unary("log", {
  onnx: "Log",
  evaluate: Math.log,
  gradient: ({ inputs: [x], dy }, ops) => [ops.div(dy, x)],
});

/** log(1 + x), with all its digits where x is small. */
export const log1p: Unary = unary("log1p", {
  // Where 1 + x is rounded, the same rounding in log(u) x / (u - 1) cancels (Kahan).
  onnx(emit, [x], { dtype }) {
    const one = emit.scalar(1, dtype);
    const u = emit.one("Add", [x as string, one]);
    const log = emit.one("Log", [u]);
    const rounded = emit.one("Sub", [u, one]);
    const mended = emit.one("Mul", [log, emit.one("Div", [x as string, rounded])]);
    const isTiny = emit.one("Equal", [u, one]);
    const small = emit.one("Where", [isTiny, x as string, mended]);
    return emit.one("Where", [emit.one("Less", [x as string, one]), small, log]);
  },
  evaluate: Math.log1p,
  gradient: ({ inputs: [x], dy }, ops) => [ops.div(dy, ops.add(x, 1))],
});

/** e^x - 1, with all its digits where x is small. */
export const expm1: Unary = unary("expm1", {
  // e^x - 1 = tanh(x / 2) (e^x + 1), which subtracts nothing.
  onnx(emit, [x], { dtype }) {
    const tanh = emit.one("Tanh", [emit.one("Mul", [x as string, emit.scalar(0.5, dtype)])]);
    const sum = emit.one("Add", [emit.one("Exp", [x as string]), emit.scalar(1, dtype)]);
    return emit.one("Mul", [tanh, sum]);
  },
  evaluate: Math.expm1,
  gradient: ({ inputs: [x], dy }, ops) => [ops.mul(dy, ops.exp(x))],
});

/** x x. `[...] -> [...]` */
export function square(x: Operand): Tensor {
  const tensor = toTensor(x);
  return mul(tensor, tensor);
}

/** The square root. */
export const sqrt: Unary = unary("sqrt", {
  onnx: "Sqrt",
  evaluate: Math.sqrt,
  gradient: ({ outputs: [y], dy }, ops) => [ops.div(ops.mul(dy, 0.5), y)],
});

/** 1 / x. */
export const reciprocal: Unary = unary("reciprocal", {
  onnx: "Reciprocal",
  evaluate: (x) => 1 / x,
  gradient: ({ outputs: [y], dy }, ops) => [ops.neg(ops.mul(dy, ops.mul(y, y)))],
});

/** 1 / √x. `[...] -> [...]` */
export function rsqrt(x: Operand): Tensor {
  return reciprocal(sqrt(x));
}

/** 2/√π times the integral of e^-t² from 0 to x. */
export const erf: Unary = unary("erf", {
  onnx: "Erf",
  evaluate: erfValue,
  gradient: ({ inputs: [x], dy }, ops) => [
    ops.mul(dy, ops.mul(ops.exp(ops.neg(ops.mul(x, x))), 2 / Math.sqrt(Math.PI))),
  ],
});

const flat = nondifferentiable("it is constant between its jumps");

/** The largest whole number at most x. */
export const floor: Unary = unary("floor", { onnx: "Floor", evaluate: Math.floor, gradient: flat });

/** The smallest whole number at least x. */
export const ceil: Unary = unary("ceil", { onnx: "Ceil", evaluate: Math.ceil, gradient: flat });

/** The nearest whole number; halves go to the even one. */
export const round: Unary = unary("round", {
  onnx: "Round",
  evaluate: (x) => (Math.abs(x % 1) === 0.5 ? 2 * Math.round(x / 2) : Math.round(x)),
  gradient: flat,
});

/** -1, 0 or 1. */
export const sign: Unary = unary("sign", {
  onnx: "Sign",
  takes: "number",
  evaluate: Math.sign,
  gradient: flat,
});

const truth = nondifferentiable("its values are true or false");

/** Whether x is not a number. */
// biome-ignore lint/suspicious/noShadowRestrictedNames: named as the function of numbers that it extends
export const isNaN: Unary = unary("isNaN", {
  onnx: "IsNaN",
  gives: "bool",
  evaluate: (x) => Number(Number.isNaN(x)),
  gradient: truth,
});

/** Whether x is a number that is not infinite. */
// biome-ignore lint/suspicious/noShadowRestrictedNames: named as the function of numbers that it extends
export const isFinite: Unary = unary("isFinite", {
  onnx: (emit, inputs, { dtype }) =>
    emit.one("Less", [emit.one("Abs", inputs), emit.scalar(Number.POSITIVE_INFINITY, dtype)]),
  gives: "bool",
  evaluate: (x) => Number(Number.isFinite(x)),
  gradient: truth,
});

/** Not x. */
export const logicalNot: Unary = unary("logicalNot", {
  onnx: "Not",
  takes: "bool",
  evaluate: (x) => 1 - x,
  gradient: truth,
});

/** Bounds that values are held in; one of them may be left out. */
export interface ClipOptions {
  readonly min?: number;
  readonly max?: number;
}

type ClipAttributes = { readonly min: number | undefined; readonly max: number | undefined };

/** Values held in bounds; `clip`'s row. */
export const clipSpec: OpSpec<ClipAttributes> = {
  name: "clip",
  infer([x]) {
    requireClass("clip", [x as TensorType], "number");
    return [x as TensorType];
  },
  gradient({ inputs: [x], dy, attributes: { min, max } }, ops) {
    const above = min === undefined ? dy : ops.where(ops.greaterEqual(x, min), dy, 0);
    return [max === undefined ? above : ops.where(ops.lessEqual(x, max), above, 0)];
  },
  lower(emit, [x], { attributes: { min, max }, inputs: [type] }) {
    const { dtype } = type as TensorType;
    const bound = (value: number | undefined): string =>
      value === undefined ? "" : emit.scalar(value, dtype);
    return [emit.one("Clip", [x as string, bound(min), bound(max)])];
  },
};

/** Values below `min` become `min`, those above `max` become `max`, and get no gradient. `[...] -> [...]` */
export function clip(x: Operand, { min, max }: ClipOptions): Tensor {
  return makeTensor(clipSpec, [toTensor(x)], { min, max });
}

/** The error function to double precision, by its series near 0 and its continued fraction beyond. */
function erfValue(x: number): number {
  const t = Math.abs(x);
  if (t > 6) return Math.sign(x);
  if (t < 2.5) {
    let term = t;
    let total = t;
    for (let n = 1; Math.abs(term) > 1e-17 * total; n++) {
      term *= -(t * t) / n;
      total += term / (2 * n + 1);
    }
    return (Math.sign(x) * total * 2) / Math.sqrt(Math.PI);
  }
  let fraction = t;
  for (let n = 60; n > 0; n--) fraction = t + n / 2 / fraction;
  return Math.sign(x) * (1 - Math.exp(-t * t) / (fraction * Math.sqrt(Math.PI)));
}
