import { isFloating } from "../dtype.ts";
import type { Node, Tensor } from "../graph/node.ts";
import { add, div, mul, sub } from "../ops/arithmetic.ts";
import { neg, sqrt } from "../ops/elementwise.ts";
import { full } from "../ops/select.ts";
import { sameShape, sizeOf } from "../shape.ts";
import { uniformValue } from "./constants.ts";
import { operandsOf, type Rule, rule } from "./rule.ts";

type Pair = readonly [Tensor, Tensor];

function output(node: Node): Tensor {
  return node.outputs[0] as Tensor;
}

/** One operand, if the other is a known number and the result has this one's shape. */
function besides(node: Node, number: number): Tensor | undefined {
  const [a, b] = node.inputs as Pair;
  for (const [x, other] of [[a, b] as const, [b, a] as const]) {
    if (uniformValue(other) === number && sameShape(x.shape, output(node).shape)) return x;
  }
  return undefined;
}

/** A tensor times a known number, taken apart. */
function scaled(tensor: Tensor): { x: Tensor; factor: number } | undefined {
  const negated = operandsOf(tensor, "neg");
  if (negated) return { x: negated[0] as Tensor, factor: -1 };
  const product = operandsOf(tensor, "mul") as Pair | undefined;
  if (!product || !isFloating(tensor.dtype)) return undefined;
  for (const [x, other] of [[product[0], product[1]] as const, [product[1], product[0]] as const]) {
    const factor = uniformValue(other);
    if (factor !== undefined && sameShape(x.shape, tensor.shape)) return { x, factor };
  }
  return undefined;
}

/** What is multiplied by a known number at a node that multiplies or negates. */
export function scaledParts(node: Node): { x: Tensor; factor: number } | undefined {
  return scaled(output(node));
}

/** A number times a tensor, by the cheapest operation. */
function times(x: Tensor, factor: number): Tensor {
  if (factor === 1) return x;
  return factor === -1 ? neg(x) : mul(x, factor);
}

const additions: readonly Rule[] = [
  rule("x + 0 -> x", "add", (node) => besides(node, 0)),
  rule("x - 0 -> x", "sub", (node) => {
    const [x, zero] = node.inputs as Pair;
    return uniformValue(zero) === 0 && sameShape(x.shape, output(node).shape) ? x : undefined;
  }),
  rule("0 - x -> -x", "sub", (node) => {
    const [zero, x] = node.inputs as Pair;
    return uniformValue(zero) === 0 && sameShape(x.shape, output(node).shape) ? neg(x) : undefined;
  }),
  rule("x + (-y) -> x - y", "add", (node) => {
    const [x, y] = node.inputs as Pair;
    const right = operandsOf(y, "neg");
    if (right) return sub(x, right[0] as Tensor);
    const left = operandsOf(x, "neg");
    return left && sub(y, left[0] as Tensor);
  }),
  rule("x - (-y) -> x + y", "sub", (node) => {
    const [x, y] = node.inputs as Pair;
    const negated = operandsOf(y, "neg");
    return negated && add(x, negated[0] as Tensor);
  }),
];

const multiplications: readonly Rule[] = [
  rule("x * 1 -> x", "mul", (node) => besides(node, 1)),
  rule("x * 0 -> 0", "mul", (node) => {
    const isZero = node.inputs.some((operand) => uniformValue(operand) === 0);
    return isZero ? full(output(node).shape, 0, output(node).dtype) : undefined;
  }),
  rule("x * -1 -> -x", "mul", (node) => {
    const x = besides(node, -1);
    return x && neg(x);
  }),
  rule("x / 1 -> x", "div", (node) => {
    const [x, one] = node.inputs as Pair;
    return uniformValue(one) === 1 && sameShape(x.shape, output(node).shape) ? x : undefined;
  }),
  rule("x / c -> x * (1/c)", "div", (node) => {
    const [x, divisor] = node.inputs as Pair;
    const c = uniformValue(divisor);
    const applies = c !== undefined && c !== 0 && isFloating(x.dtype);
    return applies && sameShape(x.shape, output(node).shape) ? mul(x, 1 / c) : undefined;
  }),
  rule("(x * c) * d -> x * (c d)", ["mul", "neg"], (node) => {
    const outer = scaledParts(node);
    const inner = outer && scaled(outer.x);
    return outer && inner && times(inner.x, inner.factor * outer.factor);
  }),
  rule("(x * c) * y -> (x * y) * c where x * y is smaller", "mul", (node) => {
    const [a, b] = node.inputs as Pair;
    for (const [x, y] of [[a, b] as const, [b, a] as const]) {
      const parts = scaled(x);
      const isSmall = sizeOf(y.shape) < sizeOf(x.shape);
      if (parts && isSmall && uniformValue(y) === undefined) {
        return mul(parts.x, mul(y, parts.factor));
      }
    }
    return undefined;
  }),
];

const powers: readonly Rule[] = [
  rule("x^1 -> x, x^2 -> x x, x^½ -> √x, x^-1 -> 1/x", "pow", (node) => {
    const [x, exponent] = node.inputs as Pair;
    if (!sameShape(x.shape, output(node).shape)) return undefined;
    const power = uniformValue(exponent);
    if (power === 1) return x;
    if (power === 2) return mul(x, x);
    if (power === 0.5) return sqrt(x);
    return power === -1 ? div(1, x) : undefined;
  }),
];

const selections: readonly Rule[] = [
  rule("stopGradient(x) -> x", "stopGradient", (node) => node.inputs[0]),
];

/** Rules of arithmetic that save passes over memory. */
export const algebraRules: readonly Rule[] = [
  ...additions,
  ...multiplications,
  ...powers,
  ...selections,
];
