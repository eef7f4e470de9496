import type { Tensor } from "../../graph/node.ts";
import {
  elu,
  hardSigmoid,
  hardSwish,
  leakyRelu,
  logSigmoid,
  mish,
  relu,
  selu,
  sigmoid,
  silu,
  softplus,
} from "../../ops/activations.ts";
import {
  add,
  div,
  equal,
  greater,
  greaterEqual,
  less,
  lessEqual,
  logicalAnd,
  logicalOr,
  maximum,
  minimum,
  mod,
  mul,
  notEqual,
  pow,
  sub,
} from "../../ops/arithmetic.ts";
import type { Operand } from "../../ops/define.ts";
import {
  abs,
  ceil,
  clip,
  erf,
  exp,
  expm1,
  floor,
  isFinite as isFiniteNumber,
  isNaN as isNotNumber,
  log,
  log1p,
  logicalNot,
  neg,
  reciprocal,
  round,
  rsqrt,
  sign,
  sqrt,
  square,
} from "../../ops/elementwise.ts";
import { gelu, geluTanh } from "../../ops/gelu.ts";
import { cast, where } from "../../ops/select.ts";
import { acos, asin, atan, cos, cosh, sin, sinh, tan, tanh } from "../../ops/trigonometry.ts";
import type { Builder, Family } from "../stored-case.ts";

/** Operations of one operand. */
export const unaries = {
  abs,
  acos,
  asin,
  atan,
  ceil,
  cos,
  cosh,
  erf,
  exp,
  expm1,
  floor,
  gelu,
  geluTanh,
  hardSigmoid,
  hardSwish,
  isFinite: isFiniteNumber,
  isNaN: isNotNumber,
  log,
  log1p,
  logicalNot,
  logSigmoid,
  mish,
  neg,
  reciprocal,
  relu,
  round,
  rsqrt,
  selu,
  sigmoid,
  sign,
  silu,
  sin,
  sinh,
  softplus,
  sqrt,
  square,
  tan,
  tanh,
};
/** Operations of two operands. */
export const binaries = {
  add,
  div,
  equal,
  greater,
  greaterEqual,
  less,
  lessEqual,
  logicalAnd,
  logicalOr,
  maximum,
  minimum,
  mod,
  mul,
  notEqual,
  pow,
  sub,
};

/** Cases where a step of a finite difference crosses a kink, a tie, a pole or the largest float32. */
const kinks = new Set([
  "abs: edge",
  "elu: edge",
  "exp: edge",
  "leakyRelu: edge",
  "maximum: ties",
  "minimum: scalar left",
  "minimum: ties",
  "pow: zero base",
  "reciprocal: edge",
  "relu: edge",
  "rsqrt: edge",
  "selu: edge",
]);

function buildersOf(
  functions: Readonly<Record<string, (a: Operand, b: Operand) => Tensor>>,
): Record<string, Builder> {
  return Object.fromEntries(
    Object.entries(functions).map(([name, apply]): [string, Builder] => [
      name,
      ([a, b]) => apply(a, b),
    ]),
  );
}

/** What is computed element by element. */
export const elementwise: Family = {
  name: "elementwise",
  builders: {
    ...buildersOf(unaries),
    ...buildersOf(binaries),
    cast: ([x], { to }) => cast(x, to),
    clip: ([x], options) => clip(x, options),
    elu: ([x], options) => elu(x, options),
    leakyRelu: ([x], options) => leakyRelu(x, options),
    where: ([condition, a, b]) => where(condition, a, b),
  },
  kinked: ({ op, label }) => kinks.has(`${op}: ${label}`),
};
