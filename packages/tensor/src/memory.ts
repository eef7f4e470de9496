import { bytesPerElement } from "./dtype.ts";
import { type Graph, sorted } from "./graph/graph.ts";
import type { Node, Tensor } from "./graph/node.ts";
import { type Returned, record } from "./graph/record.ts";
import { constantSpec, inputSpec } from "./graph/source.ts";
import type { Tree } from "./graph/tree.ts";
import type { Variable } from "./graph/variable.ts";
import { reshapeSpec } from "./ops/movement.ts";
import { type ScanAttributes, scanSpec } from "./ops/scan.ts";
import { optimize } from "./rewrite/index.ts";
import { placeStages } from "./run/memory-plan.ts";
import type { Buffer } from "./run/runtime.ts";
import { isStaged, stagesOf } from "./run/stages.ts";
import { sizeOf, type TensorType } from "./shape.ts";

/** What a function needs in memory for one run, in bytes. */
export interface MemoryEstimate {
  /** The variables it reads or assigns, by variable; one that is assigned is held twice. */
  readonly variables: ReadonlyMap<Variable, number>;
  /** Arguments and results. */
  readonly traffic: number;
  /** What it computes on the way, at the moment when most of it is needed at once; and its constants. */
  readonly working: number;
}

/**
 * How much memory one run of a function takes on arguments of the given types, from its graph alone: nothing is
 * allocated.
 */
export function estimateMemory<A extends readonly Tree<Tensor>[]>(
  fn: (...args: A) => Returned,
  ...types: readonly Tree<TensorType>[]
): MemoryEstimate {
  const { graph, reads, writes, argumentNames } = record(fn, types);
  const optimized = optimize(graph);
  const variables = new Map<Variable, number>();
  for (const variable of [...reads, ...writes]) variables.set(variable, bytesOf(variable));
  for (const variable of writes) variables.set(variable, 2 * bytesOf(variable));
  const results = optimized.outputs.slice(0, optimized.outputs.length - writes.length);
  const given = optimized.inputs.slice(0, argumentNames.length);
  return {
    variables,
    traffic: total([...given, ...results]),
    working: workingOf(optimized),
  };
}

/** What is needed on the way; models that run one after the other hold what they leave for each other. */
function workingOf(graph: Graph): number {
  if (!isStaged(graph)) return mostAlive(graph.outputs);
  const stages = stagesOf(graph);
  let held = 0;
  const counted = (type: TensorType): Buffer => {
    held += bytesOf(type);
    return { ...type, read: nowhere, write: nowhere, release: () => undefined };
  };
  placeStages(counted, graph, stages, () => false);
  return held + Math.max(...stages.map((stage) => mostAlive(stage.graph.outputs)));
}

function nowhere(): never {
  throw new Error("Memory that is only counted was used.");
}

function bytesOf({ shape, dtype }: TensorType): number {
  return sizeOf(shape) * bytesPerElement(dtype);
}

function total(types: readonly TensorType[]): number {
  return types.reduce((sum, type) => sum + bytesOf(type), 0);
}

/**
 * The most bytes that are needed at once, nodes run one after the other: a value lives from its node to the last one
 * that reads it. Element-wise operations and reshapes take over the memory of an operand that ends with them.
 */
function mostAlive(outputs: readonly Tensor[]): number {
  const order = sorted(outputs);
  const lastUse = new Map<Tensor, Node>();
  for (const node of order) for (const tensor of node.inputs) lastUse.set(tensor, node);
  const kept = new Set(outputs);
  let [alive, most] = [0, 0];
  for (const node of order) {
    if (node.spec.name === inputSpec.name) continue;
    const made = node.outputs.filter((tensor) => !kept.has(tensor));
    const ended = [...new Set(node.inputs)].filter(
      (tensor) => !kept.has(tensor) && isComputed(tensor) && lastUse.get(tensor) === node,
    );
    const inner = insideLoop(node);
    most = Math.max(most, alive + total(made) + inner - takenOver(node, made, ended));
    const unread = made.filter((tensor) => !lastUse.has(tensor));
    alive += total(made) - total(ended) - total(unread);
  }
  return most;
}

/** What one step of a loop needs, where a node is one. */
function insideLoop({ spec, attributes }: Node): number {
  if (spec.name !== scanSpec.name) return 0;
  return mostAlive((attributes as ScanAttributes).body.outputs);
}

/** Bytes of an operand that the node's result is written over. */
function takenOver({ spec }: Node, made: readonly Tensor[], ended: readonly Tensor[]): number {
  const [result] = made;
  const isInPlace = spec.evaluate !== undefined || spec.name === reshapeSpec.name;
  if (!isInPlace || !result) return 0;
  return ended.some((operand) => bytesOf(operand) === bytesOf(result)) ? bytesOf(result) : 0;
}

/** Whether a tensor's memory is the run's own, which it gives back: inputs are the caller's, constants the model's. */
function isComputed(tensor: Tensor): boolean {
  const { name } = tensor.node.spec;
  return name !== inputSpec.name && name !== constantSpec.name;
}
