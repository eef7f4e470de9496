import { nondifferentiable } from "../graph/node.ts";
import { type Unary, unary } from "./define.ts";

/** -x. */
export const neg: Unary = unary("neg", {
  onnx: "Neg",
  takes: "number",
  evaluate: (x) => -x,
  gradient: ({ dy }, ops) => [ops.neg(dy)],
});

/** |x|; the gradient at 0 is 0. */
export const abs: Unary = unary("abs", {
  onnx: "Abs",
  takes: "number",
  evaluate: Math.abs,
  gradient: ({ inputs: [x], dy }, ops) => [ops.mul(dy, ops.sign(x))],
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

/** The sine. */
export const sin: Unary = unary("sin", {
  onnx: "Sin",
  evaluate: Math.sin,
  gradient: ({ inputs: [x], dy }, ops) => [ops.mul(dy, ops.cos(x))],
});

/** The cosine. */
export const cos: Unary = unary("cos", {
  onnx: "Cos",
  evaluate: Math.cos,
  gradient: ({ inputs: [x], dy }, ops) => [ops.neg(ops.mul(dy, ops.sin(x)))],
});

/** The hyperbolic tangent. */
export const tanh: Unary = unary("tanh", {
  onnx: "Tanh",
  evaluate: Math.tanh,
  gradient: ({ outputs: [y], dy }, ops) => [ops.mul(dy, ops.sub(1, ops.mul(y, y)))],
});

/** 1 / (1 + e^-x). */
export const sigmoid: Unary = unary("sigmoid", {
  onnx: "Sigmoid",
  evaluate: (x) => 1 / (1 + Math.exp(-x)),
  gradient: ({ outputs: [y], dy }, ops) => [ops.mul(dy, ops.mul(y, ops.sub(1, y)))],
});

/** 2/√π times the integral of e^-t² from 0 to x. */
export const erf: Unary = unary("erf", {
  onnx: "Erf",
  evaluate: erfValue,
  gradient: ({ inputs: [x], dy }, ops) => [
    ops.mul(dy, ops.mul(ops.exp(ops.neg(ops.mul(x, x))), 2 / Math.sqrt(Math.PI))),
  ],
});

/** max(x, 0); the gradient at 0 is 0. */
export const relu: Unary = unary("relu", {
  onnx: "Relu",
  evaluate: (x) => Math.max(x, 0),
  gradient: ({ outputs: [y], dy }, ops) => [ops.mul(dy, ops.cast(ops.greater(y, 0), dy.dtype))],
});

const flat = nondifferentiable("it is constant between its jumps");

/** The largest whole number at most x. */
export const floor: Unary = unary("floor", { onnx: "Floor", evaluate: Math.floor, gradient: flat });

/** The smallest whole number at least x. */
export const ceil: Unary = unary("ceil", { onnx: "Ceil", evaluate: Math.ceil, gradient: flat });

/** -1, 0 or 1. */
export const sign: Unary = unary("sign", {
  onnx: "Sign",
  takes: "number",
  evaluate: Math.sign,
  gradient: flat,
});

/** Not x. */
export const logicalNot: Unary = unary("logicalNot", {
  onnx: "Not",
  takes: "bool",
  evaluate: (x) => 1 - x,
  gradient: nondifferentiable("its values are true or false"),
});

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
