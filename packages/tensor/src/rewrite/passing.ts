import { type Rule, rule } from "./rule.ts";

/** Nodes that tell the gradient something, and pass their first operand on. */
export const passingRules: readonly Rule[] = [
  rule("recompute(y, ...) -> y", "recompute", (node) => node.inputs[0]),
  rule("copyToGroup(x) -> x", "copyToGroup", (node) => node.inputs[0]),
];
