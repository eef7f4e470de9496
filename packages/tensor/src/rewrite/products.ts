import { makeTensor, type Node, type Tensor } from "../graph/node.ts";
import { type MatmulAttributes, matmulSpec } from "../ops/linalg.ts";
import { scaledParts } from "./algebra.ts";
import { operandsOf, type Rule, rule } from "./rule.ts";

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
    const left = scaledParts(a.node);
    if (left) return product(left.x, b, { ...attributes, alpha: attributes.alpha * left.factor });
    const right = scaledParts(b.node);
    return right && product(a, right.x, { ...attributes, alpha: attributes.alpha * right.factor });
  }),
  rule("(a b) * c -> matmul(a, b, {alpha: c})", ["mul", "neg"], (node, around) => {
    const parts = scaledParts(node);
    const operands = operandsOf(parts?.x, "matmul") as readonly [Tensor, Tensor] | undefined;
    if (!parts || !operands || around.uses(parts.x) > 1) return undefined;
    const attributes = attributesOf(parts.x.node);
    return product(...operands, { ...attributes, alpha: attributes.alpha * parts.factor });
  }),
];
