import { type Unary, unary } from "./define.ts";
import { erf } from "./elementwise.ts";

/**
 * x Φ(x) with the normal distribution Φ (Hendrycks & Gimpel 2016). The slope is Φ(x) + x φ(x), written with as few
 * passes over memory as the runtime's kernels allow.
 */
export const gelu: Unary = unary("gelu", {
  onnx: (emit, inputs) => emit.one("Gelu", inputs),
  evaluate: (x) => (x * (1 + (erf.spec.evaluate as (x: number) => number)(x / Math.SQRT2))) / 2,
  gradient({ inputs: [x], dy }, { add, erf, exp, mul, neg }) {
    const z = mul(x, Math.SQRT1_2);
    const density = mul(mul(z, 1 / Math.sqrt(Math.PI)), exp(neg(mul(z, z))));
    return [mul(dy, add(add(mul(erf(z), 0.5), 0.5), density))];
  },
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
