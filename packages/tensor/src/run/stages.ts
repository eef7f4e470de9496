import { type Graph, sorted } from "../graph/graph.ts";
import type { Node, Tensor } from "../graph/node.ts";
import { input } from "../graph/source.ts";
import { dependents, inputsOf, substituted } from "../graph/substitute.ts";
import {
  groupGatherSpec,
  groupMaxSpec,
  groupScatterSpec,
  groupSumSpec,
} from "../ops/collective.ts";
import { afterSpec } from "../ops/recompute.ts";

/** A value of the whole graph that a stage gives, and which of the graph's outputs it is, if it is one. */
export interface Given {
  readonly tensor: Tensor;
  readonly output: number | undefined;
}

/** A part of a graph that is one model, and what processes exchange once it has run. */
export interface Stage {
  /** The part, whose inputs stand for `takes`. */
  readonly graph: Graph;
  /** Values of the whole graph that are there before. */
  readonly takes: readonly Tensor[];
  /** What the part's outputs are. */
  readonly gives: readonly Given[];
  /** Nodes that exchange values, in the order that all processes keep. */
  readonly exchanges: readonly Node[];
}

const exchanging = new Set(
  [groupSumSpec, groupMaxSpec, groupGatherSpec, groupScatterSpec].map(({ name }) => name),
);

/** Whether processes exchange values at a node. */
export function isExchange(node: Node): boolean {
  return exchanging.has(node.spec.name);
}

/** Whether a run stops at a node: what uses it is computed by a later model. */
function isStop(node: Node): boolean {
  return isExchange(node) || node.spec.name === afterSpec.name;
}

/** Whether a graph cannot run as one model. */
export function isStaged({ outputs }: Graph): boolean {
  return sorted(outputs).some(isStop);
}

/** A value, or the one that it is the same as. */
export function settled(tensor: Tensor): Tensor {
  let value = tensor;
  while (value.node.spec.name === afterSpec.name) value = value.node.inputs[0] as Tensor;
  return value;
}

/**
 * A graph as models that run one after the other. Each computes all that can be computed before the next exchange; what
 * depends on constants alone is part of every model that uses it. The last one gives all outputs that none gave before.
 */
export function stagesOf(graph: Graph): Stage[] {
  const order = sorted(graph.outputs);
  const exchanged = order.filter(isExchange).flatMap((node) => node.outputs);
  const open = dependents(graph.outputs, [...inputsOf(graph.outputs), ...exchanged]);
  const levels = levelsOf(order);
  const inOrder = [...levels.keys()];
  const last = Math.max(...levels.values());
  const parts = Array.from({ length: last + 1 }, (): Part => new Part());
  const isPassed = ({ node }: Tensor): boolean => isStop(node) || node.inputs.length === 0;
  /** Notes that a stage needs a value, which an earlier one then has to give. */
  const need = (tensor: Tensor, at: number): void => {
    const value = settled(tensor);
    if (!open.has(value.node)) return;
    const from = levels.get(value.node) as number;
    if (!isPassed(value) && from >= at) return;
    (parts[at] as Part).takes.add(value);
    if (!isPassed(value)) (parts[from] as Part).give(value);
  };
  for (const node of inOrder) {
    const level = levels.get(node) as number;
    if (isExchange(node)) {
      const value = settled(node.inputs[0] as Tensor);
      if (!isPassed(value)) (parts[levels.get(value.node) as number] as Part).give(value);
      (parts[level] as Part).exchanges.push(node);
    } else if (!isStop(node)) for (const tensor of node.inputs) need(tensor, level);
  }
  const end = new Part();
  graph.outputs.forEach((tensor, output) => {
    const value = settled(tensor);
    const isComputed = open.has(value.node) && !isPassed(value);
    const part = isComputed ? parts[levels.get(value.node) as number] : undefined;
    if (part && part.gives.get(value) === undefined) part.gives.set(value, output);
    else end.passed.push({ tensor: value, output });
  });
  // What an exchange gave, inputs, constants and outputs that stand twice pass through a model of their own.
  if (end.passed.length > 0) {
    parts.push(end);
    for (const { tensor } of end.passed) need(tensor, parts.length - 1);
  }
  return parts.map((part) => part.stage());
}

/**
 * How many times a run has stopped before a node is computed. Of the exchanges that are possible, the one that was traced
 * first comes first, and none overtakes it: that is the order of all processes, though their constants may differ.
 */
function levelsOf(order: readonly Node[]): Map<Node, number> {
  const levels = new Map<Node, number>();
  const users = new Map<Node, Node[]>();
  const missing = new Map<Node, number>();
  for (const node of order) {
    const sources = new Set(node.inputs.map((tensor) => tensor.node));
    missing.set(node, sources.size);
    for (const source of sources) users.set(source, [...(users.get(source) ?? []), node]);
  }
  const ready = order.filter((node) => missing.get(node) === 0);
  const possible: Node[] = [];
  let before = 0;
  const reach = (node: Node): void => {
    const reached = node.inputs.map(({ node: source }) => {
      return (levels.get(source) as number) + Number(isStop(source));
    });
    const level = Math.max(isExchange(node) ? before : 0, ...reached);
    if (isExchange(node)) before = level;
    levels.set(node, level);
    for (const user of users.get(node) ?? []) {
      missing.set(user, (missing.get(user) as number) - 1);
      if (missing.get(user) === 0) (isExchange(user) ? possible : ready).push(user);
    }
  };
  while (ready.length > 0 || possible.length > 0) {
    const node = ready.pop() ?? earliest(possible);
    reach(node);
  }
  return levels;
}

/** Takes the exchange that was traced first out of the list. */
function earliest(possible: Node[]): Node {
  const turns = possible.map(({ attributes }) => attributes["turn"] as number);
  return possible.splice(turns.indexOf(Math.min(...turns)), 1)[0] as Node;
}

/** A stage as it is gathered. */
class Part {
  readonly takes = new Set<Tensor>();
  /** Values with the output that each is, if it is one. */
  readonly gives = new Map<Tensor, number | undefined>();
  readonly exchanges: Node[] = [];
  /** Outputs of the whole graph that only pass through. */
  readonly passed: Given[] = [];

  give(tensor: Tensor): void {
    if (!this.gives.has(tensor)) this.gives.set(tensor, undefined);
  }

  stage(): Stage {
    const takes = [...this.takes];
    const computed = [...this.gives].map(([tensor, output]) => ({ tensor, output }));
    const gives = [...computed, ...this.passed];
    const slots = takes.map((tensor) => input("taken", tensor));
    const outputs = cut(
      gives.map(({ tensor }) => tensor),
      takes,
      slots,
    );
    return { graph: { inputs: slots, outputs }, takes, gives, exchanges: this.exchanges };
  }
}

/** What is computed with slots in the place of what is taken, and of what is the same as it. */
function cut(
  tensors: readonly Tensor[],
  takes: readonly Tensor[],
  slots: readonly Tensor[],
): Tensor[] {
  const slotOf = new Map(takes.map((tensor, i) => [tensor, slots[i] as Tensor]));
  for (const node of sorted(tensors)) {
    const [tensor] = node.outputs;
    const slot = tensor && slotOf.get(settled(tensor));
    if (slot && node.spec.name === afterSpec.name) slotOf.set(tensor, slot);
  }
  return substituted(tensors, slotOf);
}
