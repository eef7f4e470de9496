import { sameShape, typeText } from "../shape.ts";
import { type Graph, sorted } from "./graph.ts";
import type { Node, Tensor } from "./node.ts";

/**
 * Checks that a graph is sound: every input of a node is made before it or is an input of the graph, and every
 * row still agrees with the types on record. `after` names the step that made the graph.
 */
export function verify(graph: Graph, { after }: { readonly after: string }): void {
  const known = new Set<Node>(graph.inputs.map((tensor) => tensor.node));
  for (const node of sorted(graph.outputs)) {
    const fail = (what: string): never => {
      throw new Error(
        `After ${after}, node ${node.spec.name} (made in ${node.path || "no module"}) ${what}.`,
      );
    };
    if (node.spec.name === "input" && !known.has(node)) {
      fail(`reads "${String(node.attributes["name"])}", which is no input of the graph`);
    }
    for (const operand of node.inputs) {
      if (!known.has(operand.node))
        fail(`uses a value of ${operand.node.spec.name} before it is made`);
    }
    checkTypes(node, fail);
    known.add(node);
  }
}

function checkTypes(node: Node, fail: (what: string) => never): void {
  const types = node.spec.infer(node.inputs, node.attributes);
  if (types.length !== node.outputs.length)
    fail(`has ${node.outputs.length} outputs, not ${types.length}`);
  types.forEach((type, i) => {
    const output = node.outputs[i] as Tensor;
    if (output.dtype !== type.dtype || !sameShape(output.shape, type.shape)) {
      fail(`has type ${typeText(output)}, its row says ${typeText(type)}`);
    }
  });
}
