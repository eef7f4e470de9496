import type { Graph } from "../graph/graph.ts";
import { encodeModel, type GraphProto, type ModelProto } from "./proto.ts";
import { type FreeSizes, GraphWriter } from "./writer.ts";

/** The version of ONNX's operations that Quire writes; raised together with all stored texts. */
export const OPSET = 21;

const IR_VERSION = 10;

/** What a written model's values are called, and which sizes are free. */
export interface EmitOptions {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly free?: FreeSizes;
}

/** A written graph as a whole file, with notes on where it comes from by name. */
export function modelOf(
  graph: GraphProto,
  metadata: Readonly<Record<string, string>> = {},
): ModelProto {
  return {
    irVersion: BigInt(IR_VERSION),
    producerName: "quire",
    opsetImport: [
      { domain: "", version: BigInt(OPSET) },
      { domain: "com.microsoft", version: 1n },
    ],
    graph,
    metadataProps: Object.entries(metadata).map(([key, value]) => ({ key, value })),
  };
}

/** A graph as an ONNX file. The same graph gives the same bytes. */
export function emit(graph: Graph, { inputs, outputs, free }: EmitOptions): Uint8Array {
  return encodeModel(modelOf(new GraphWriter(free).write(graph, inputs, outputs)));
}
