import { makeTensor, type Node, type Tensor } from "../graph/node.ts";
import { add } from "../ops/arithmetic.ts";
import { gemmSpec } from "../ops/gemm.ts";
import { type MatmulAttributes, matmulSpec } from "../ops/linalg.ts";
import { reshape } from "../ops/movement.ts";
import { sameShape } from "../shape.ts";
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

/** Whether a summand can be added while a product of matrices is made: a row for all rows, or as large. */
function isSummand(summand: Tensor, { shape }: Tensor): boolean {
  return sameShape(summand.shape, shape) || sameShape(summand.shape, shape.slice(-1));
}

/** Rules that fold sums into products; they come last, for other rules do not look into such products. */
export const summandRules: readonly Rule[] = [
  rule("reshape(a b) + c -> reshape(a b + c)", "add", (node, around) => {
    for (const [i, operand] of node.inputs.entries()) {
      const summand = node.inputs[1 - i] as Tensor;
      const product = operandsOf(operand, "reshape")?.[0];
      const isProduct = product?.node.spec.name === "matmul" && product.shape.length === 2;
      if (!product || !isProduct || around.uses(operand) > 1 || around.uses(product) > 1) continue;
      const width = product.shape[1];
      if (operand.shape.at(-1) !== width) continue;
      const shape = (node.outputs[0] as Tensor).shape;
      if (!sameShape(shape, operand.shape)) continue;
      if (sameShape(summand.shape, [width as number])) return reshape(add(product, summand), shape);
      if (sameShape(summand.shape, operand.shape)) {
        return reshape(add(product, reshape(summand, product.shape)), shape);
      }
    }
    return undefined;
  }),
  rule("a b + c -> gemm(a, b, c)", "add", (node, around) => {
    for (const [i, operand] of node.inputs.entries()) {
      const operands = operandsOf(operand, "matmul") as readonly [Tensor, Tensor] | undefined;
      const summand = node.inputs[1 - i] as Tensor;
      const fits = operand.shape.length === 2 && isSummand(summand, operand);
      if (operands && fits && around.uses(operand) === 1) {
        return makeTensor(gemmSpec, [...operands, summand], attributesOf(operand.node));
      }
    }
    return undefined;
  }),
];

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
