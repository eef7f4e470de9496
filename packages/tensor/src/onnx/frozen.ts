import type { Graph } from "../graph/graph.ts";
import type { Variable } from "../graph/variable.ts";
import { modelOf } from "./emit.ts";
import { byteLengthOf } from "./external.ts";
import { encodeModel, type TensorProto } from "./proto.ts";
import { elementType } from "./values.ts";
import { GraphWriter } from "./writer.ts";

const EXTERNAL = 1n;

/**
 * A graph as a model whose last inputs are weights: constants, whose values the runtime is handed beside the
 * model under the names of those inputs.
 */
export function emitFrozen(
  graph: Graph,
  inputs: readonly string[],
  outputs: readonly string[],
  weights: readonly Variable[],
): Uint8Array {
  const declared = inputs.length - weights.length;
  const written = new GraphWriter().write(graph, inputs, outputs, declared);
  const frozen = weights.map((weight, i) => reference(inputs[declared + i] as string, weight));
  const initializer = [...(written.initializer ?? []), ...frozen];
  return encodeModel(modelOf({ ...written, initializer }));
}

function reference(name: string, weight: Variable): TensorProto {
  const entries = { location: name, offset: 0, length: byteLengthOf(weight) };
  return {
    name,
    dims: weight.shape.map(BigInt),
    dataType: BigInt(elementType(weight.dtype)),
    externalData: Object.entries(entries).map(([key, value]) => ({ key, value: String(value) })),
    dataLocation: EXTERNAL,
  };
}
