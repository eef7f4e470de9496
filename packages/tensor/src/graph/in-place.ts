import { sorted } from "./graph.ts";
import type { Tensor } from "./node.ts";
import type { Recording } from "./record.ts";
import { variableOf } from "./source.ts";
import type { Variable } from "./variable.ts";

/** The variables whose new value may be written over the old one: nothing but its own update reads that. */
export function updatedInPlace({ graph, writes }: Recording): Set<Variable> {
  const uses = new Map<Tensor, number>();
  const count = (tensor: Tensor): void => {
    uses.set(tensor, (uses.get(tensor) ?? 0) + 1);
  };
  for (const { inputs } of sorted(graph.outputs)) inputs.forEach(count);
  graph.outputs.forEach(count);
  const values = graph.outputs.slice(graph.outputs.length - writes.length);
  const found = values.flatMap(({ node, index }, i) => {
    const source = node.inputs[node.spec.updates?.[index] ?? -1];
    const isOwn = source !== undefined && variableOf(source) === writes[i];
    return isOwn && uses.get(source) === 1 ? (writes[i] as Variable) : [];
  });
  return new Set(found);
}
