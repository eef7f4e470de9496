import { type Graph, sorted } from "./graph.ts";
import { makeNode, type Node, type Tensor } from "./node.ts";
import { input, inputSpec } from "./source.ts";

/** The tensors with others put in the place of some that they are computed from; nodes in between are made anew. */
export function substituted(
  tensors: readonly Tensor[],
  replacements: ReadonlyMap<Tensor, Tensor>,
): Tensor[] {
  const replaced = new Map(replacements);
  const leaves = new Set([...replacements.keys()].map(({ node }) => node));
  for (const node of sorted(tensors, leaves)) {
    if (leaves.has(node)) continue;
    const inputs = node.inputs.map((tensor) => replaced.get(tensor) ?? tensor);
    if (inputs.every((tensor, i) => tensor === node.inputs[i])) continue;
    const made = makeNode(node.spec, inputs, node.attributes, node.path);
    node.outputs.forEach((tensor, i) => {
      replaced.set(tensor, made.outputs[i] as Tensor);
    });
  }
  return tensors.map((tensor) => replaced.get(tensor) ?? tensor);
}

/** The nodes among what tensors are computed from that use one of `sources`, and the sources. */
export function dependents(tensors: readonly Tensor[], sources: readonly Tensor[]): Set<Node> {
  const reached = new Set(sources.map(({ node }) => node));
  for (const node of sorted(tensors)) {
    if (node.inputs.some((tensor) => reached.has(tensor.node))) reached.add(node);
  }
  return reached;
}

/** The inputs, of whatever graph, that tensors are computed from. */
export function inputsOf(tensors: readonly Tensor[]): Tensor[] {
  return sorted(tensors).flatMap((node) =>
    node.spec.name === inputSpec.name ? (node.outputs as readonly Tensor[]) : [],
  );
}

/**
 * What is computed from inputs of its own and from values around it, as a graph that takes both, in this order. What
 * does not depend on its own inputs is such a value; what depends on constants alone stays inside.
 */
export function closed(
  outputs: readonly Tensor[],
  inner: readonly Tensor[],
): { readonly body: Graph; readonly around: readonly Tensor[] } {
  const around = capturedBy(outputs, inner);
  const slots = around.map((tensor) => input("captured", tensor));
  const slotOf = new Map(around.map((tensor, i) => [tensor, slots[i] as Tensor]));
  const body = { inputs: [...inner, ...slots], outputs: substituted(outputs, slotOf) };
  return { body, around };
}

function capturedBy(outputs: readonly Tensor[], inner: readonly Tensor[]): Tensor[] {
  const own = dependents(outputs, inner);
  const open = dependents(outputs, inputsOf(outputs));
  const used = sorted(outputs).flatMap((node) => (own.has(node) ? node.inputs : []));
  const around = [...used, ...outputs].filter(({ node }) => !own.has(node) && open.has(node));
  return [...new Set(around)];
}
