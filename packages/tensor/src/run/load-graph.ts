import type { TypedArray } from "../dtype.ts";
import { type Graph, sorted } from "../graph/graph.ts";
import type { Variable } from "../graph/variable.ts";
import { emitFrozen } from "../onnx/frozen.ts";
import type { Runtime, Session } from "./runtime.ts";

/** A variable whose values a model holds as constants. */
export interface FrozenWeight {
  readonly variable: Variable;
  readonly values: TypedArray;
}

/** A loaded graph, and how many bytes its models have without the weights. */
export interface Loaded {
  readonly session: Session;
  readonly bytes: number;
}

/** Loads a graph as one model; its last inputs are the frozen weights, and no inputs of the session. */
export async function loadModel(
  runtime: Runtime,
  graph: Graph,
  weights: readonly FrozenWeight[] = [],
  isStage = false,
): Promise<Loaded> {
  const names = graph.inputs.map((_, i) => `input_${i}`);
  const inputs = names.slice(0, names.length - weights.length);
  const outputs = graph.outputs.map((_, i) => `output_${i}`);
  const frozen = weights.map(({ variable }) => variable);
  const model = emitFrozen(graph, names, outputs, frozen);
  const constants = Object.fromEntries(
    weights.map(({ values }, i) => [names[inputs.length + i] as string, values]),
  );
  const types = sorted(graph.outputs).flatMap((node) => node.outputs);
  const hasEmpty = types.some(({ shape }) => shape.includes(0));
  const hasHalf = types.some(({ dtype }) => dtype === "float16");
  const signature = { inputs, outputs, hasEmpty, hasHalf, constants, isStage };
  const session = await runtime.load(model, signature);
  return { session, bytes: model.length };
}
