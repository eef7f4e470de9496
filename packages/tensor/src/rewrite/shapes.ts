import type { Node, Tensor } from "../graph/node.ts";
import { mul } from "../ops/arithmetic.ts";
import { neg } from "../ops/elementwise.ts";
import { expand, reshape, transpose } from "../ops/movement.ts";
import { sum } from "../ops/reduce.ts";
import { sameShape } from "../shape.ts";
import { scaledParts } from "./algebra.ts";
import { operandsOf, type Rule, rule } from "./rule.ts";

function permutationOf(node: Node): readonly number[] {
  return node.attributes["permutation"] as readonly number[];
}

/** Whether a permutation keeps the order of all axes that are larger than 1, so that no value moves. */
function movesNothing(node: Node): boolean {
  const { shape } = node.inputs[0] as Tensor;
  const moved = permutationOf(node).filter((axis) => shape[axis] !== 1);
  return moved.every((axis, i) => i === 0 || axis > (moved[i - 1] as number));
}

const mergers: readonly Rule[] = [
  rule("reshape(reshape(x)) -> reshape(x)", "reshape", (node) => {
    const { shape } = node.outputs[0] as Tensor;
    const inner = operandsOf(node.inputs[0], "reshape");
    if (inner) return reshape(inner[0] as Tensor, shape);
    return sameShape((node.inputs[0] as Tensor).shape, shape) ? node.inputs[0] : undefined;
  }),
  rule("transpose(transpose(x)) -> transpose(x)", "transpose", (node) => {
    const [x] = node.inputs as readonly [Tensor];
    const inner = operandsOf(x, "transpose");
    if (!inner) return undefined;
    const first = permutationOf(x.node);
    return transpose(
      inner[0] as Tensor,
      permutationOf(node).map((axis) => first[axis] as number),
    );
  }),
  rule("transpose of axes of size 1 -> reshape", "transpose", (node) => {
    const { shape } = node.outputs[0] as Tensor;
    return movesNothing(node) ? reshape(node.inputs[0] as Tensor, shape) : undefined;
  }),
  rule("expand(expand(x)) -> expand(x)", "expand", (node) => {
    const inner = operandsOf(node.inputs[0], "expand");
    return inner && expand(inner[0] as Tensor, (node.outputs[0] as Tensor).shape);
  }),
];

const scalings: readonly Rule[] = [
  rule("move(x) * c -> move(x * c)", ["mul", "neg"], (node, around) => {
    const parts = scaledParts(node);
    if (!parts || around.uses(parts.x) > 1) return undefined;
    const scale = (x: Tensor): Tensor => (parts.factor === -1 ? neg(x) : mul(x, parts.factor));
    const { shape } = parts.x;
    const reshaped = operandsOf(parts.x, "reshape");
    if (reshaped) return reshape(scale(reshaped[0] as Tensor), shape);
    const moved = operandsOf(parts.x, "transpose");
    if (moved) return transpose(scale(moved[0] as Tensor), permutationOf(parts.x.node));
    const repeated = operandsOf(parts.x, "expand");
    return repeated && expand(scale(repeated[0] as Tensor), shape);
  }),
  rule("sum(x * c) -> sum(x) * c", "sum", (node) => {
    const [x] = node.inputs as readonly [Tensor];
    const parts = scaledParts(x.node);
    if (!parts) return undefined;
    const { axes, keepDims } = node.attributes as { axes: readonly number[]; keepDims: boolean };
    return mul(sum(parts.x, { axes, keepDims }), parts.factor);
  }),
  rule("sum over axes of size 1 -> reshape", "sum", (node) => {
    const [x] = node.inputs as readonly [Tensor];
    const { axes } = node.attributes as { axes: readonly number[] };
    const isEmpty = axes.every((axis) => x.shape[axis] === 1);
    return isEmpty ? reshape(x, (node.outputs[0] as Tensor).shape) : undefined;
  }),
];

/** Rules that leave out movements of values, and bring factors to where a product absorbs them. */
export const shapeRules: readonly Rule[] = [...mergers, ...scalings];
