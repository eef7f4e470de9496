import { isFloating } from "../../dtype.ts";
import type { Tensor } from "../../graph/node.ts";
import {
  abs,
  acos,
  add,
  asin,
  atan,
  cast,
  ceil,
  clip,
  cos,
  cosh,
  div,
  elu,
  equal,
  erf,
  exp,
  floor,
  gelu,
  geluTanh,
  greater,
  greaterEqual,
  hardSigmoid,
  hardSwish,
  isNaN as isNotANumber,
  leakyRelu,
  less,
  lessEqual,
  log,
  log1p,
  logicalAnd,
  logicalNot,
  logicalOr,
  maximum,
  minimum,
  mish,
  mod,
  mul,
  neg,
  notEqual,
  onesLike,
  pow,
  reciprocal,
  relu,
  reshape,
  round,
  selu,
  sigmoid,
  sign,
  silu,
  sin,
  sinh,
  softplus,
  sqrt,
  sub,
  tan,
  tanh,
  unsqueeze,
  where,
  zerosLike,
} from "../../ops/index.ts";
import { knownValues } from "./known-values.ts";
import type { OnnxNode, Reader, ReaderTable } from "./onnx-node.ts";
import { kernel } from "./onnx-operation.ts";

type Pairwise = (a: Tensor, b: Tensor) => Tensor;

/** An operation on one operand. */
function one(build: (x: Tensor) => Tensor): Reader {
  return (node) => build(node.tensor(0));
}

/** An operation for floating-point values that models also use on whole numbers: 8-bit ones are widened. */
function wide(build: Pairwise): Pairwise {
  return (a, b) =>
    a.dtype === "uint8" ? cast(build(cast(a, "int32"), cast(b, "int32")), "uint8") : build(a, b);
}

/** Before version 7 the right operand was laid along axes of the left one from `axis` on. */
function operands(node: OnnxNode): [Tensor, Tensor] {
  const [a, b] = [node.tensor(0), node.tensor(1)];
  if (node.around.opset >= 7 || !node.has("axis")) return [a, b];
  const axis = node.axis(0, a.shape.length);
  const behind = a.shape.length - axis - b.shape.length;
  return [
    a,
    unsqueeze(
      b,
      Array.from({ length: Math.max(0, behind) }, (_, i) => -1 - i),
    ),
  ];
}

function two(build: Pairwise): Reader {
  return (node) => build(...operands(node));
}

/** An operation on any number of operands, one after the other. */
function all(build: Pairwise): Reader {
  return (node) => node.tensors().reduce(build);
}

function power(a: Tensor, b: Tensor): Tensor {
  if (isFloating(a.dtype)) return pow(a, cast(b, a.dtype));
  if (!isFloating(b.dtype)) return pow(a, cast(b, a.dtype));
  return cast(pow(cast(a, "float32"), cast(b, "float32")), a.dtype);
}

/** The quotient without its fraction. */
function truncated(a: Tensor, b: Tensor): Tensor {
  const quotient = div(a, b);
  if (!isFloating(a.dtype)) return quotient;
  return mul(sign(quotient), floor(abs(quotient)));
}

/** Whole numbers brought back into the range of the type they have in the model. */
function wrapped(node: OnnxNode, x: Tensor): Tensor {
  const range = node.around.typeOf(node.tensor(0))?.range;
  if (!range || x.dtype === "uint8") return x;
  const [least, most] = range;
  return add(mod(sub(x, least), most - least + 1), least);
}

function shifted(node: OnnxNode): Tensor {
  const [a, b] = [node.tensor(0), node.tensor(1)];
  const dtype = a.dtype === "uint8" ? "int32" : a.dtype;
  const factor = pow(mul(onesLike(cast(b, dtype)), 2), cast(b, dtype));
  const isLeft = node.text("direction", "LEFT") === "LEFT";
  const moved = isLeft ? mul(cast(a, dtype), factor) : div(cast(a, dtype), factor);
  return cast(wrapped(node, moved), a.dtype);
}

function bitwise(node: OnnxNode): Tensor {
  const inputs = node.tensors();
  const [first] = inputs as [Tensor];
  const shape = inputs.length === 1 ? first.shape : add(first, inputs[1] as Tensor).shape;
  return kernel(node.type, inputs, { gives: [{ shape, dtype: first.dtype }] })[0] as Tensor;
}

/** One bound of Clip: an attribute before version 11, an operand since. */
function bound(node: OnnxNode, name: string, position: number): Tensor | number | undefined {
  if (node.has(name)) return node.float(name, 0);
  const operand = node.optional(position);
  return operand && (knownValues(operand)?.[0] ?? operand);
}

function clipped(node: OnnxNode): Tensor {
  const x = node.tensor(0);
  const [low, high] = [bound(node, "min", 1), bound(node, "max", 2)];
  if (typeof (low ?? 0) === "number" && typeof (high ?? 0) === "number") {
    const [min, max] = [low, high] as (number | undefined)[];
    if ((min ?? Number.NEGATIVE_INFINITY) <= (max ?? Number.POSITIVE_INFINITY)) {
      return clip(x, { ...(min !== undefined && { min }), ...(max !== undefined && { max }) });
    }
  }
  const raised = low === undefined ? x : maximum(x, low);
  return high === undefined ? raised : minimum(raised, high);
}

function parametricRelu(node: OnnxNode): Tensor {
  const [x, slope] = [node.tensor(0), node.tensor(1)];
  const isChannels = node.around.opset < 7 && slope.shape.length === 1 && x.shape.length > 2;
  const wideSlope = isChannels
    ? reshape(slope, [slope.shape[0] as number, ...x.shape.slice(2).map(() => 1)])
    : slope;
  return where(less(x, 0), mul(x, wideSlope), x);
}

/** The names of ONNX's defaults for SELU, as float32 has them. */
const seluDefaults = { alpha: 1.6732631921768188, gamma: 1.0507010221481323 };

function scaledElu(node: OnnxNode): Tensor {
  const alpha = node.float("alpha", seluDefaults.alpha);
  const gamma = node.float("gamma", seluDefaults.gamma);
  const isDefault = Math.abs(alpha - seluDefaults.alpha) + Math.abs(gamma - seluDefaults.gamma);
  const x = node.tensor(0);
  return isDefault < 1e-5 ? selu(x) : mul(elu(x, { alpha }), gamma);
}

/** max(0, min(1, alpha x + beta)). */
function straightSigmoid(node: OnnxNode): Tensor {
  const [alpha, beta] = [node.float("alpha", 0.2), node.float("beta", 0.5)];
  const x = node.tensor(0);
  if (Math.abs(alpha - 1 / 6) < 1e-6 && beta === 0.5) return hardSigmoid(x);
  return clip(add(mul(x, alpha), beta), { min: 0, max: 1 });
}

function infinite(node: OnnxNode): Tensor {
  const x = node.tensor(0);
  const above = equal(x, Number.POSITIVE_INFINITY);
  const below = equal(x, Number.NEGATIVE_INFINITY);
  if (node.int("detect_negative", 1) === 0) return above;
  return node.int("detect_positive", 1) === 0 ? below : logicalOr(above, below);
}

/** Moves towards zero what lies beyond lambda, and makes the rest zero. */
function shrunk(node: OnnxNode): Tensor {
  const [bias, edge] = [node.float("bias", 0), node.float("lambd", 0.5)];
  const given = node.tensor(0);
  const x = given.dtype === "uint8" ? cast(given, "int32") : given;
  const upper = where(greater(x, edge), sub(x, bias), zerosLike(x));
  return cast(where(less(x, -edge), add(x, bias), upper), given.dtype);
}

/** sign(x) log(|x| + √(x² + 1)), with all its digits where x is small. */
function inverseSinh(x: Tensor): Tensor {
  const size = abs(x);
  const squared = mul(x, x);
  const rest = div(squared, add(sqrt(add(squared, 1)), 1));
  return where(less(x, 0), neg(log1p(add(size, rest))), log1p(add(x, rest)));
}

function geluOf(node: OnnxNode): Tensor {
  const x = node.tensor(0);
  return node.text("approximate", "none") === "tanh" ? geluTanh(x) : gelu(x);
}

function swish(node: OnnxNode): Tensor {
  const alpha = node.float("alpha", 1);
  const x = node.tensor(0);
  return alpha === 1 ? silu(x) : mul(x, sigmoid(mul(x, alpha)));
}

const unaryReaders: ReaderTable = {
  Abs: one(abs),
  Acos: one(acos),
  Acosh: one((x) => log(add(x, sqrt(mul(sub(x, 1), add(x, 1)))))),
  Asin: one(asin),
  Asinh: one(inverseSinh),
  Atan: one(atan),
  Atanh: one((x) => mul(log1p(div(mul(x, 2), sub(1, x))), 0.5)),
  Ceil: one(ceil),
  Cos: one(cos),
  Cosh: one(cosh),
  Erf: one(erf),
  Exp: one(exp),
  Floor: one(floor),
  Identity: (node) => node.inputs[0] ?? node.fail("lacks its input 0"),
  IsInf: infinite,
  IsNaN: one(isNotANumber),
  Log: one(log),
  Neg: one(neg),
  Not: one(logicalNot),
  Reciprocal: one(reciprocal),
  Round: one(round),
  Sign: one(sign),
  Sin: one(sin),
  Sinh: one(sinh),
  Sqrt: one(sqrt),
  Tan: one(tan),
  Tanh: one(tanh),
};

const activationReaders: ReaderTable = {
  Celu: (node) => {
    const alpha = node.float("alpha", 1);
    return mul(elu(div(node.tensor(0), alpha)), alpha);
  },
  Clip: clipped,
  Elu: (node) => elu(node.tensor(0), { alpha: node.float("alpha", 1) }),
  Gelu: geluOf,
  HardSigmoid: straightSigmoid,
  HardSwish: one(hardSwish),
  LeakyRelu: (node) => leakyRelu(node.tensor(0), { slope: node.float("alpha", 0.01) }),
  Mish: one(mish),
  PRelu: parametricRelu,
  Relu: one((x) => (isFloating(x.dtype) ? relu(x) : maximum(x, 0))),
  Selu: scaledElu,
  Shrink: shrunk,
  Sigmoid: one(sigmoid),
  Softplus: one(softplus),
  Softsign: one((x) => div(x, add(abs(x), 1))),
  Swish: swish,
  ThresholdedRelu: (node) => {
    const x = node.tensor(0);
    return where(greater(x, node.float("alpha", 1)), x, zerosLike(x));
  },
};

const binaryReaders: ReaderTable = {
  Add: two(wide(add)),
  And: two(logicalAnd),
  BitShift: shifted,
  BitwiseAnd: bitwise,
  BitwiseNot: bitwise,
  BitwiseOr: bitwise,
  BitwiseXor: bitwise,
  Div: two(wide(div)),
  Equal: two(equal),
  Greater: two(greater),
  GreaterOrEqual: two(greaterEqual),
  Less: two(less),
  LessOrEqual: two(lessEqual),
  Max: all(wide(maximum)),
  Mean: (node) => div(node.tensors().reduce(add), node.inputs.length),
  Min: all(wide(minimum)),
  Mod: (node) => {
    const [a, b] = operands(node);
    if (node.int("fmod", 0) === 0) return wide(mod)(a, b);
    return wide((x, y) => sub(x, mul(y, truncated(x, y))))(a, b);
  },
  Mul: two(wide(mul)),
  Or: two(logicalOr),
  Pow: two(power),
  Sub: two(wide(sub)),
  Sum: all(wide(add)),
  Where: (node) => where(node.tensor(0), node.tensor(1), node.tensor(2)),
  Xor: two(notEqual),
};

/** Operations that work element by element. */
export const elementwiseReaders: ReaderTable = {
  ...unaryReaders,
  ...activationReaders,
  ...binaryReaders,
};

/** x plus a bias through GELU or its approximation. */
function biased(build: (x: Tensor) => Tensor): Reader {
  return (node) => {
    const bias = node.optional(1);
    return build(bias ? add(node.tensor(0), bias) : node.tensor(0));
  };
}

/** Activations as ONNX Runtime fuses them. */
export const fusedElementwiseReaders: ReaderTable = {
  BiasGelu: biased(gelu),
  FastGelu: biased(geluTanh),
  Gelu: one(gelu),
  QuickGelu: (node) => {
    const x = node.tensor(0);
    return mul(x, sigmoid(mul(x, node.float("alpha", 1.702))));
  },
};
