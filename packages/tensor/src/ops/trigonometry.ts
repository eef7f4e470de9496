import { type Unary, unary } from "./define.ts";

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

/** The tangent. */
export const tan: Unary = unary("tan", {
  onnx: "Tan",
  evaluate: Math.tan,
  gradient: ({ outputs: [y], dy }, ops) => [ops.mul(dy, ops.add(ops.mul(y, y), 1))],
});

/** The angle in [-π/2, π/2] whose sine is x. */
export const asin: Unary = unary("asin", {
  onnx: "Asin",
  evaluate: Math.asin,
  // (1 - x)(1 + x) keeps the digits that 1 - x² loses near ±1.
  gradient: ({ inputs: [x], dy }, ops) => [
    ops.div(dy, ops.sqrt(ops.mul(ops.sub(1, x), ops.add(x, 1)))),
  ],
});

/** The angle in [0, π] whose cosine is x. */
export const acos: Unary = unary("acos", {
  onnx: "Acos",
  evaluate: Math.acos,
  gradient: ({ inputs: [x], dy }, ops) => [
    ops.neg(ops.div(dy, ops.sqrt(ops.mul(ops.sub(1, x), ops.add(x, 1))))),
  ],
});

/** The angle in (-π/2, π/2) whose tangent is x. */
export const atan: Unary = unary("atan", {
  onnx: "Atan",
  evaluate: Math.atan,
  gradient: ({ inputs: [x], dy }, ops) => [ops.div(dy, ops.add(ops.mul(x, x), 1))],
});

/** The hyperbolic sine. */
export const sinh: Unary = unary("sinh", {
  onnx: "Sinh",
  evaluate: Math.sinh,
  gradient: ({ inputs: [x], dy }, ops) => [ops.mul(dy, ops.cosh(x))],
});

/** The hyperbolic cosine. */
export const cosh: Unary = unary("cosh", {
  onnx: "Cosh",
  evaluate: Math.cosh,
  gradient: ({ inputs: [x], dy }, ops) => [ops.mul(dy, ops.sinh(x))],
});

/** The hyperbolic tangent. */
export const tanh: Unary = unary("tanh", {
  onnx: "Tanh",
  evaluate: Math.tanh,
  gradient: ({ outputs: [y], dy }, ops) => [ops.mul(dy, ops.sub(1, ops.mul(y, y)))],
});
