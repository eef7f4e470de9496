import { type Graph, sorted } from "../graph/graph.ts";
import { makeNode, type Node, type Tensor } from "../graph/node.ts";

/** What a node's outputs become, given what its inputs have become. */
export type Replace = (
  node: Node,
  inputs: readonly Tensor[],
) => ReadonlyMap<Tensor, Tensor> | undefined;

/** Walks from the inputs on and makes nodes anew where their inputs have changed or `replace` says so. */
export function rebuilt({ inputs, outputs }: Graph, replace: Replace): Graph {
  const replaced = new Map<Tensor, Tensor>();
  const now = (tensor: Tensor): Tensor => replaced.get(tensor) ?? tensor;
  for (const node of sorted(outputs)) {
    const operands = node.inputs.map(now);
    const replacement = replace(node, operands);
    if (replacement) {
      for (const [from, to] of replacement) replaced.set(from, to);
    } else if (operands.some((tensor, i) => tensor !== node.inputs[i])) {
      const made = makeNode(node.spec, operands, node.attributes, node.path);
      node.outputs.forEach((tensor, i) => {
        replaced.set(tensor, made.outputs[i] as Tensor);
      });
    }
  }
  return { inputs, outputs: outputs.map(now) };
}
