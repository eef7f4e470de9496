import { makeTensor, type Node, type Tensor } from "../graph/node.ts";
import { add, mul } from "../ops/arithmetic.ts";
import { type MatmulAttributes, matmulSpec } from "../ops/linalg.ts";
import { reshape } from "../ops/movement.ts";
import { sizeOf } from "../shape.ts";
import { scaledParts } from "./algebra.ts";
import { operandsOf, type Rule, rule, type Surroundings } from "./rule.ts";

function attributesOf(node: Node): MatmulAttributes {
  return node.attributes as MatmulAttributes;
}

/** The operand of a transposition that exchanges the last two axes and nothing else. */
function exchanged(tensor: Tensor): Tensor | undefined {
  const inner = operandsOf(tensor, "transpose");
  if (!inner) return undefined;
  const permutation = tensor.node.attributes["permutation"] as readonly number[];
  const rank = permutation.length;
  const isExchange = permutation.every((axis, i) => axis === (i < rank - 2 ? i : 2 * rank - 3 - i));
  return isExchange ? inner[0] : undefined;
}

function product(a: Tensor, b: Tensor, attributes: MatmulAttributes): Tensor {
  return makeTensor(matmulSpec, [a, b], attributes);
}

/**
 * What is multiplied by a known number, also before its values are laid out anew. A vector keeps its factor: it costs
 * little, and kernels for columns take none.
 */
function scaledOperand(tensor: Tensor): { x: Tensor; factor: number } | undefined {
  const inner = operandsOf(tensor, "reshape")?.[0];
  if (!inner) return scaledParts(tensor.node);
  const parts = inner.shape.length > 1 ? scaledParts(inner.node) : undefined;
  return parts && { ...parts, x: reshape(parts.x, tensor.shape) };
}

/** Whether a tensor is a product, maybe laid out anew, that nothing else uses. */
function isOwnProduct(tensor: Tensor, around: Surroundings): boolean {
  const inner = operandsOf(tensor, "reshape")?.[0];
  const isOwn = around.uses(tensor) <= 1 && (!inner || around.uses(inner) <= 1);
  return isOwn && operandsOf(inner ?? tensor, "matmul") !== undefined;
}

/** Rules that fold transpositions and factors into products. */
export const productRules: readonly Rule[] = [
  rule("aᵀ b -> matmul(a, b, {transposeA})", "matmul", (node) => {
    const [a, b] = node.inputs as readonly [Tensor, Tensor];
    const attributes = attributesOf(node);
    const left = exchanged(a);
    if (left) return product(left, b, { ...attributes, transposeA: !attributes.transposeA });
    const right = exchanged(b);
    return right && product(a, right, { ...attributes, transposeB: !attributes.transposeB });
  }),
  rule("(a * c) b -> matmul(a, b, {alpha: c})", "matmul", (node) => {
    const [a, b] = node.inputs as readonly [Tensor, Tensor];
    const attributes = attributesOf(node);
    const left = scaledOperand(a);
    if (left) return product(left.x, b, { ...attributes, alpha: attributes.alpha * left.factor });
    const right = scaledOperand(b);
    return right && product(a, right.x, { ...attributes, alpha: attributes.alpha * right.factor });
  }),
  rule("(a b) * c -> matmul(a, b, {alpha: c})", ["mul", "neg"], (node, around) => {
    const parts = scaledParts(node);
    const operands = operandsOf(parts?.x, "matmul") as readonly [Tensor, Tensor] | undefined;
    if (!parts || !operands || around.uses(parts.x) > 1) return undefined;
    const attributes = attributesOf(parts.x.node);
    return product(...operands, { ...attributes, alpha: attributes.alpha * parts.factor });
  }),
  rule("(a b + x) * c -> a b * c + x * c where x is smaller", ["mul", "neg"], (node, around) => {
    const parts = scaledParts(node);
    const terms = operandsOf(parts?.x, "add") as readonly [Tensor, Tensor] | undefined;
    if (!parts || !terms || around.uses(parts.x) > 1) return undefined;
    const [a, b] = terms;
    for (const [ab, x] of [[a, b] as const, [b, a] as const]) {
      if (sizeOf(x.shape) < sizeOf(ab.shape) && isOwnProduct(ab, around)) {
        return add(mul(ab, parts.factor), mul(x, parts.factor));
      }
    }
    return undefined;
  }),
];
