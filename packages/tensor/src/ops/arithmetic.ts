import type { DType } from "../dtype.ts";
import { nondifferentiable, type Ops, type Tensor } from "../graph/node.ts";
import { scalarValue } from "../graph/source.ts";
import { type Binary, binary } from "./define.ts";

/** a + b, broadcast. */
export const add: Binary = binary("add", {
  onnx: "Add",
  takes: "number",
  commutative: true,
  evaluate: (a, b) => a + b,
  gradient: ({ inputs: [a, b], dy }, { sumTo }) => [sumTo(dy, a.shape), sumTo(dy, b.shape)],
});

/** a - b, broadcast. */
export const sub: Binary = binary("sub", {
  onnx: "Sub",
  takes: "number",
  evaluate: (a, b) => a - b,
  gradient: ({ inputs: [a, b], dy }, { sumTo, neg }) => [
    sumTo(dy, a.shape),
    neg(sumTo(dy, b.shape)),
  ],
});

/** a b, element by element, broadcast. */
export const mul: Binary = binary("mul", {
  onnx: "Mul",
  takes: "number",
  commutative: true,
  evaluate: (a, b) => a * b,
  gradient: ({ inputs: [a, b], dy }, ops) => [
    ops.sumTo(ops.mul(dy, b), a.shape),
    ops.sumTo(ops.mul(dy, a), b.shape),
  ],
});

/** a / b, broadcast; whole numbers are divided without the remainder, towards zero. */
export const div: Binary = binary("div", {
  onnx: "Div",
  takes: "number",
  evaluate: (a, b) => a / b,
  gradient: ({ inputs: [a, b], outputs: [y], dy }, ops) => {
    const da = ops.div(dy, b);
    return [ops.sumTo(da, a.shape), ops.neg(ops.sumTo(ops.mul(da, y), b.shape))];
  },
});

/** b a^(b - 1), which is 0 where b is 0, whatever a is. */
function powerSlope(a: Tensor, b: Tensor, ops: Ops): Tensor {
  const exponent = scalarValue(b);
  if (exponent === 0) return ops.zerosLike(a);
  if (exponent !== undefined) return ops.mul(ops.pow(a, exponent - 1), exponent);
  return ops.mul(ops.pow(a, ops.where(ops.equal(b, 0), 1, ops.sub(b, 1))), b);
}

/** a to the power b, broadcast. The gradient for b takes log a as 0 where a is not above 0. */
export const pow: Binary = binary("pow", {
  onnx: (emit, inputs, { dtype }) =>
    dtype === "uint8"
      ? emit.cast(
          emit.one(
            "Pow",
            inputs.map((name) => emit.cast(name, "int32")),
          ),
          dtype,
        )
      : emit.one("Pow", inputs),
  takes: "number",
  evaluate: (a, b) => a ** b,
  gradient: ({ inputs: [a, b], outputs: [y], dy }, ops) => {
    const slope = powerSlope(a, b, ops);
    const logA = ops.log(ops.where(ops.greater(a, 0), a, ops.onesLike(a)));
    return [
      ops.sumTo(ops.mul(dy, slope), a.shape),
      ops.sumTo(ops.mul(dy, ops.mul(y, logA)), b.shape),
    ];
  },
});

/** How much of the gradient the winner of a comparison gets: all, or half where both are equal. */
function winnerShare(wins: Tensor, ties: Tensor, dtype: DType, ops: Ops): Tensor {
  return ops.where(ties, 0.5, ops.cast(wins, dtype));
}

/** The larger of a and b, broadcast; where they are equal each gets half the gradient. */
export const maximum: Binary = binary("maximum", {
  onnx: "Max",
  takes: "number",
  commutative: true,
  evaluate: Math.max,
  gradient: ({ inputs: [a, b], dy }, ops) => {
    const share = winnerShare(ops.greater(a, b), ops.equal(a, b), dy.dtype, ops);
    return [
      ops.sumTo(ops.mul(dy, share), a.shape),
      ops.sumTo(ops.mul(dy, ops.sub(1, share)), b.shape),
    ];
  },
});

/** The smaller of a and b, broadcast; where they are equal each gets half the gradient. */
export const minimum: Binary = binary("minimum", {
  onnx: "Min",
  takes: "number",
  commutative: true,
  evaluate: Math.min,
  gradient: ({ inputs: [a, b], dy }, ops) => {
    const share = winnerShare(ops.less(a, b), ops.equal(a, b), dy.dtype, ops);
    return [
      ops.sumTo(ops.mul(dy, share), a.shape),
      ops.sumTo(ops.mul(dy, ops.sub(1, share)), b.shape),
    ];
  },
});

/** a - b floor(a / b): the remainder with the divisor's sign, broadcast. */
export const mod: Binary = binary("mod", {
  onnx: (emit, inputs, type) =>
    type.dtype === "float32" || type.dtype === "float16"
      ? emit.one("Sub", [
          inputs[0] as string,
          emit.one("Mul", [inputs[1] as string, emit.one("Floor", [emit.one("Div", inputs)])]),
        ])
      : emit.one("Mod", inputs, { fmod: 0 }),
  takes: "number",
  evaluate: (a, b) => a - b * Math.floor(a / b),
  gradient: ({ inputs: [a, b], dy }, ops) => [
    ops.sumTo(dy, a.shape),
    ops.neg(ops.sumTo(ops.mul(dy, ops.floor(ops.stopGradient(ops.div(a, b)))), b.shape)),
  ],
});

const stepwise = nondifferentiable("its values are true or false");

/** a and b, broadcast. */
export const logicalAnd: Binary = binary("logicalAnd", {
  onnx: "And",
  takes: "bool",
  commutative: true,
  evaluate: (a, b) => a & b,
  gradient: stepwise,
});

/** a or b, broadcast. */
export const logicalOr: Binary = binary("logicalOr", {
  onnx: "Or",
  takes: "bool",
  commutative: true,
  evaluate: (a, b) => a | b,
  gradient: stepwise,
});

/** Whether a equals b, broadcast. */
export const equal: Binary = binary("equal", {
  onnx: "Equal",
  takes: "any",
  gives: "bool",
  commutative: true,
  evaluate: (a, b) => Number(a === b),
  gradient: stepwise,
});

/** Whether a differs from b, broadcast. */
export const notEqual: Binary = binary("notEqual", {
  onnx: (emit, inputs) => emit.one("Not", [emit.one("Equal", inputs)]),
  takes: "any",
  gives: "bool",
  commutative: true,
  evaluate: (a, b) => Number(a !== b),
  gradient: stepwise,
});

/** Whether a is less than b, broadcast. */
export const less: Binary = binary("less", {
  onnx: "Less",
  takes: "number",
  gives: "bool",
  evaluate: (a, b) => Number(a < b),
  gradient: stepwise,
});

/** Whether a is at most b, broadcast. */
export const lessEqual: Binary = binary("lessEqual", {
  onnx: "LessOrEqual",
  takes: "number",
  gives: "bool",
  evaluate: (a, b) => Number(a <= b),
  gradient: stepwise,
});

/** Whether a is greater than b, broadcast. */
export const greater: Binary = binary("greater", {
  onnx: "Greater",
  takes: "number",
  gives: "bool",
  evaluate: (a, b) => Number(a > b),
  gradient: stepwise,
});

/** Whether a is at least b, broadcast. */
export const greaterEqual: Binary = binary("greaterEqual", {
  onnx: "GreaterOrEqual",
  takes: "number",
  gives: "bool",
  evaluate: (a, b) => Number(a >= b),
  gradient: stepwise,
});
