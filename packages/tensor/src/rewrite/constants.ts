import type { DType } from "../dtype.ts";
import { makeNode, type Node, type Tensor } from "../graph/node.ts";
import { constantValue } from "../graph/source.ts";
import { full } from "../ops/select.ts";
import { broadcast, type Shape, sameShape } from "../shape.ts";
import { operandsOf, type Rule, rule } from "./rule.ts";

/** The number that every element of a tensor has, where that is known: a constant of one element, or one repeated. */
export function uniformValue(tensor: Tensor): number | undefined {
  const inner = operandsOf(tensor, "expand") ?? operandsOf(tensor, "reshape");
  if (inner) return uniformValue(inner[0] as Tensor);
  const value = constantValue(tensor);
  return value?.data.length === 1 ? value.toArray()[0] : undefined;
}

/** A number as its dtype holds it; undefined where that takes more than a number to know. */
function held(value: number, dtype: DType): number | undefined {
  if (dtype === "float32") return Math.fround(value);
  if (dtype === "bool") return Number(value !== 0);
  return dtype === "int32" && Math.abs(value) < 2 ** 53 ? value | 0 : undefined;
}

function foldUniform(node: Node): Tensor | undefined {
  const { evaluate } = node.spec;
  const [output] = node.outputs as readonly [Tensor];
  if (!evaluate || node.inputs.length === 0) return undefined;
  const values = node.inputs.map(uniformValue);
  if (values.some((value) => value === undefined)) return undefined;
  const value = held(evaluate(...(values as number[])), output.dtype);
  return value === undefined ? undefined : full(output.shape, value, output.dtype);
}

/** An operand repeated to a shape that the other operands broadcast to anyway need not be repeated. */
function dropExpand(node: Node): Tensor | undefined {
  if (!node.spec.evaluate && node.spec.name !== "where") return undefined;
  const [output] = node.outputs as readonly [Tensor];
  for (const [i, operand] of node.inputs.entries()) {
    const repeated = operandsOf(operand, "expand");
    if (!repeated) continue;
    const inputs = node.inputs.map((input, k) => (k === i ? (repeated[0] as Tensor) : input));
    const shape = inputs.reduce<Shape | undefined>(
      (joined, input) => joined && broadcast(joined, input.shape),
      [],
    );
    if (shape && sameShape(shape, output.shape)) {
      return makeNode(node.spec, inputs, node.attributes).outputs[0];
    }
  }
  return undefined;
}

/** Rules that compute what is known when the graph is built. */
export const constantRules: readonly Rule[] = [
  rule("f(c, ...) -> value", "*", foldUniform),
  rule("f(x, expand(y)) -> f(x, y)", "*", dropExpand),
];
