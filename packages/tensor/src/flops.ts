import { isFloating } from "./dtype.ts";
import { sorted } from "./graph/graph.ts";
import type { Node, Tensor } from "./graph/node.ts";
import { record } from "./graph/record.ts";
import type { Tree } from "./graph/tree.ts";
import * as ops from "./ops/index.ts";
import { sizeOf, type TensorType } from "./shape.ts";

/** Floating-point operations by the name of the operation that does them. */
export type FlopsByOperation = Readonly<Record<string, number>>;

/**
 * How many floating-point operations a function does in one run on arguments of the given types, by operation,
 * the costliest first. A product and its sum count as two, any other element-wise step as one, moving values as
 * none; a composite counts as what it is made of.
 */
export function flopsByOperation<A extends readonly Tree<Tensor>[]>(
  fn: (...args: A) => Tree<Tensor>,
  ...types: readonly Tree<TensorType>[]
): FlopsByOperation {
  const { graph } = record(fn, types);
  const counts = new Map<string, number>();
  for (const node of sorted(graph.outputs)) {
    const count = flopsOf(node);
    if (count > 0) counts.set(node.spec.name, (counts.get(node.spec.name) ?? 0) + count);
  }
  return Object.fromEntries([...counts].sort(([, a], [, b]) => b - a));
}

/** How many floating-point operations a function does in one run on arguments of the given types. */
export function flops<A extends readonly Tree<Tensor>[]>(
  fn: (...args: A) => Tree<Tensor>,
  ...types: readonly Tree<TensorType>[]
): number {
  return Object.values(flopsByOperation(fn, ...types)).reduce((total, count) => total + count, 0);
}

function flopsOf({ spec, inputs, outputs, attributes }: Node): number {
  if (spec.flops) return spec.flops(inputs, outputs, attributes);
  if (spec.expand) {
    const leaves = new Set(inputs.map((tensor) => tensor.node));
    return sorted(spec.expand(inputs, attributes, ops), leaves)
      .filter((inner) => !leaves.has(inner))
      .reduce((total, inner) => total + flopsOf(inner), 0);
  }
  const isArithmetic = inputs.some(({ dtype }) => isFloating(dtype));
  return isArithmetic ? outputs.reduce((total, { shape }) => total + sizeOf(shape), 0) : 0;
}

/** How many numbers variables hold in all; one that is listed twice counts once. */
export function countParameters(variables: Iterable<TensorType>): number {
  return [...new Set(variables)].reduce((total, { shape }) => total + sizeOf(shape), 0);
}
