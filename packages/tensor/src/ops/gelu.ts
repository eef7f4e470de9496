import { type Unary, unary } from "./define.ts";
import { erf } from "./elementwise.ts";

const erfOf = erf.spec.evaluate as (x: number) => number;

/**
 * 1 + erf(x/√2) + √(2/π) x e^(-x²/2): twice the slope of GELU. A row of its own, because a runtime computes it in the
 * fewest passes over memory by dividing through e^(x²/2), which a gradient must not: that factor overflows.
 */
export const twiceGeluSlope: Unary = unary("twiceGeluSlope", {
  onnx(emit, [x], { dtype }) {
    const z = emit.one("Mul", [x as string, emit.scalar(Math.SQRT1_2, dtype)]);
    const growth = emit.one("Exp", [emit.one("Mul", [z, z])]);
    const tail = emit.one("Div", [x as string, growth]);
    const scaled = emit.one("Mul", [tail, emit.scalar(Math.sqrt(2 / Math.PI), dtype)]);
    const sum = emit.one("Add", [emit.one("Erf", [z]), scaled]);
    return emit.one("Add", [sum, emit.scalar(1, dtype)]);
  },
  evaluate: (x) => 1 + erfOf(x / Math.SQRT2) + Math.sqrt(2 / Math.PI) * x * Math.exp((-x * x) / 2),
  // 2 φ(x) (2 - x²) with the normal density φ.
  gradient({ inputs: [x], dy }, { exp, mul, sub }) {
    const square = mul(x, x);
    const density = mul(exp(mul(square, -0.5)), Math.sqrt(2 / Math.PI));
    return [mul(dy, mul(density, sub(2, square)))];
  },
});

/** x Φ(x) with the normal distribution Φ (Hendrycks & Gimpel 2016); its slope is Φ(x) + x φ(x). */
export const gelu: Unary = unary("gelu", {
  onnx: (emit, inputs) => emit.one("Gelu", inputs),
  evaluate: (x) => (x * (1 + erfOf(x / Math.SQRT2))) / 2,
  gradient: ({ inputs: [x], dy }, { mul }) => [mul(mul(dy, 0.5), twiceGeluSlope(x))],
});

/** The approximation of GELU by a tanh: x (1 + tanh(√(2/π) (x + 0.044715 x³))) / 2. */
export const geluTanh: Unary = unary("geluTanh", {
  onnx: (emit, inputs) => emit.one("Gelu", inputs, { approximate: "tanh" }),
  evaluate: (x) => (x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)))) / 2,
  gradient: "expansion",
  expand([x], _, { add, mul, tanh }) {
    const operand = x as NonNullable<typeof x>;
    const cubic = mul(operand, add(mul(mul(operand, operand), 0.044715), 1));
    const t = tanh(mul(cubic, Math.sqrt(2 / Math.PI)));
    return [mul(mul(operand, 0.5), add(t, 1))];
  },
});
