import { type Graph, sorted } from "../graph/graph.ts";
import { makeNode, type Node, type Tensor } from "../graph/node.ts";
import { type ScanAttributes, scanSpec } from "../ops/scan.ts";
import { rebuilt } from "./rebuilt.ts";

/**
 * Loops over the same values with the same carries become one, carries that never change become values from around
 * the loop, and what no result depends on goes.
 */
export function tidyScans(graph: Graph, optimize: (body: Graph) => Graph): Graph {
  if (!sorted(graph.outputs).some(isScan)) return graph;
  return pruned(settled(merged(graph)), optimize);
}

function isScan({ spec }: Node): boolean {
  return spec.name === scanSpec.name;
}

function attributesOf(node: Node): ScanAttributes {
  return node.attributes as ScanAttributes;
}

/** scan(f, c, x) and scan(f with more ys, c, x) = the second: a gradient's forward loop is the loop itself. */
function merged(graph: Graph): Graph {
  const alike = new Map<string, Node[]>();
  for (const node of sorted(graph.outputs).filter(isScan)) {
    const key = walkOf(node);
    alike.set(key, [...(alike.get(key) ?? []), node]);
  }
  const made = new Map<string, { readonly node: Node; readonly outputs: readonly Tensor[] }>();
  return rebuilt(graph, (node, operands) => {
    if (!isScan(node)) return undefined;
    const key = walkOf(node);
    const nodes = alike.get(key) as readonly Node[];
    if (nodes.length === 1) return undefined;
    const known = made.get(key) ?? union(nodes, operands);
    made.set(key, known);
    const { body, carries } = attributesOf(node);
    const place = (output: Tensor, i: number): number =>
      i < carries ? i : known.outputs.indexOf(output, carries);
    return new Map(
      body.outputs.map((output, i) => [
        node.outputs[i] as Tensor,
        known.node.outputs[place(output, i)] as Tensor,
      ]),
    );
  });
}

/** What a loop walks over and how, whatever it gives on the way. */
function walkOf(node: Node): string {
  const { body, carries, xs, reverse, length } = attributesOf(node);
  const tensors = [node.inputs, body.inputs, body.outputs.slice(0, carries)];
  const ids = tensors.map((list) => list.map((tensor) => `${tensor.node.id}.${tensor.index}`));
  return JSON.stringify([ids, carries, xs, reverse, length]);
}

/** One loop that gives what several give: the carries, then each y once, even if it is a carry too. */
function union(
  nodes: readonly Node[],
  operands: readonly Tensor[],
): { readonly node: Node; readonly outputs: readonly Tensor[] } {
  const [first] = nodes as readonly [Node];
  const attributes = attributesOf(first);
  const { body, carries } = attributes;
  const ys = new Set(nodes.flatMap((node) => attributesOf(node).body.outputs.slice(carries)));
  const outputs = [...body.outputs.slice(0, carries), ...ys];
  const joined = { ...attributes, body: { inputs: body.inputs, outputs } };
  return { node: makeNode(scanSpec, operands, joined, first.path), outputs };
}

/** A carry that every step hands on as it is ends as it began. */
function settled(graph: Graph): Graph {
  return rebuilt(graph, (node, operands) => {
    if (!isScan(node)) return undefined;
    const { body, carries, xs, reverse, length } = attributesOf(node);
    const isStill = (i: number): boolean => i < carries && body.outputs[i] === body.inputs[i];
    const still = body.inputs.flatMap((_, i) => (isStill(i) ? [i] : []));
    if (still.length === 0) return undefined;
    const order = [...body.inputs.flatMap((_, i) => (isStill(i) ? [] : [i])), ...still];
    const moving = body.outputs.flatMap((_, i) => (isStill(i) ? [] : [i]));
    const attributes = {
      body: {
        inputs: order.map((i) => body.inputs[i] as Tensor),
        outputs: moving.map((i) => body.outputs[i] as Tensor),
      },
      carries: carries - still.length,
      xs,
      reverse,
      length,
    };
    const inputs = order.map((i) => operands[i] as Tensor);
    const made = makeNode(scanSpec, inputs, attributes, node.path);
    return new Map([
      ...still.map((i) => [node.outputs[i] as Tensor, operands[i] as Tensor] as const),
      ...moving.map((i, at) => [node.outputs[i] as Tensor, made.outputs[at] as Tensor] as const),
    ]);
  });
}

/** Which inputs and outputs of a loop's body are needed. */
interface Needed {
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}

/** Loops without the carries, xs, values and ys that no result depends on, their bodies optimised. */
function pruned(graph: Graph, optimize: (body: Graph) => Graph): Graph {
  const used = new Set(graph.outputs);
  const needs = new Map<Node, Needed>();
  for (const node of sorted(graph.outputs).reverse()) {
    const needed = isScan(node) ? neededOf(node, used) : undefined;
    if (needed) needs.set(node, needed);
    const operands = needed ? needed.inputs.map((i) => node.inputs[i] as Tensor) : node.inputs;
    for (const tensor of operands) used.add(tensor);
  }
  return rebuilt(graph, (node, operands) => {
    const needed = needs.get(node);
    if (!needed) return undefined;
    const { body, carries, xs, reverse, length } = attributesOf(node);
    const count = (from: number, to: number): number =>
      needed.inputs.filter((i) => i >= from && i < to).length;
    const smaller = makeNode(
      scanSpec,
      needed.inputs.map((i) => operands[i] as Tensor),
      {
        body: optimize({
          inputs: needed.inputs.map((i) => body.inputs[i] as Tensor),
          outputs: needed.outputs.map((i) => body.outputs[i] as Tensor),
        }),
        carries: count(0, carries),
        xs: count(carries, carries + xs),
        reverse,
        length,
      },
      node.path,
    );
    return new Map(
      needed.outputs.map((i, at) => [node.outputs[i] as Tensor, smaller.outputs[at] as Tensor]),
    );
  });
}

/** A carry is needed where its last value is used, or where a needed output depends on it. */
function neededOf(node: Node, used: ReadonlySet<Tensor>): Needed {
  const { body, carries } = attributesOf(node);
  let outputs = body.outputs.flatMap((_, i) => (used.has(node.outputs[i] as Tensor) ? [i] : []));
  for (;;) {
    const reached = new Set(sorted(outputs.map((i) => body.outputs[i] as Tensor)));
    const inputs = body.inputs.flatMap(({ node: source }, i) =>
      reached.has(source) || (i < carries && outputs.includes(i)) ? [i] : [],
    );
    const more = inputs.filter((i) => i < carries && !outputs.includes(i));
    if (more.length === 0) return { inputs, outputs };
    outputs = [...outputs, ...more].sort((a, b) => a - b);
  }
}
