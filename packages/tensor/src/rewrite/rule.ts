import type { Node, Tensor } from "../graph/node.ts";

/** What a rule may ask about the graph it works in. */
export interface Surroundings {
  /** How many places use a tensor; outputs of the graph count. */
  uses(tensor: Tensor): number;
}

/**
 * An equality that is applied from left to right to nodes of the named operations, `*` for all. The name is
 * the algebra.
 * `rewrite` gives what the node's first output is replaced by, or undefined where the rule does not hold.
 */
export interface Rule {
  readonly name: string;
  readonly on: readonly string[];
  rewrite(node: Node, around: Surroundings): Tensor | undefined;
}

/** A rule from its algebra, the operations it looks at and the replacement. */
export function rule(name: string, on: string | readonly string[], rewrite: Rule["rewrite"]): Rule {
  return { name, on: typeof on === "string" ? [on] : on, rewrite };
}

/** The operands of a tensor's node if that node is of the named operation. */
export function operandsOf(tensor: Tensor | undefined, op: string): readonly Tensor[] | undefined {
  return tensor?.node.spec.name === op ? tensor.node.inputs : undefined;
}
