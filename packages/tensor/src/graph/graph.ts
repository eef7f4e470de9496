import type { Node, Tensor } from "./node.ts";

/** A piece of computation: values in, values out. Inputs are tensors of `input` or `variable` nodes. */
export interface Graph {
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
}

/**
 * Every node that the outputs need, each after the nodes it uses; the order is a function of the graph alone.
 * What the `leaves` need is left out.
 */
export function sorted(outputs: readonly Tensor[], leaves?: ReadonlySet<Node>): Node[] {
  const order: Node[] = [];
  const state = new Map<Node, "open" | "done">();
  const stack: Node[] = outputs.map((tensor) => tensor.node).reverse();
  while (stack.length > 0) {
    const node = stack[stack.length - 1] as Node;
    const known = state.get(node);
    if (known === "done") {
      stack.pop();
    } else if (known === "open") {
      stack.pop();
      state.set(node, "done");
      order.push(node);
    } else {
      state.set(node, "open");
      if (leaves?.has(node)) continue;
      for (let i = node.inputs.length - 1; i >= 0; i--) {
        const child = (node.inputs[i] as Tensor).node;
        if (!state.has(child)) stack.push(child);
      }
    }
  }
  return order;
}
