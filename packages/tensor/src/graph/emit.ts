import type { DType } from "../dtype.ts";
import type { HostTensor } from "../host.ts";
import type { Graph } from "./graph.ts";

/** Attribute values as ONNX knows them; whole numbers are INT unless wrapped by `float`. */
export type OnnxAttribute =
  | number
  | string
  | readonly number[]
  | { readonly float: number }
  | { readonly floats: readonly number[] }
  | { readonly tensor: HostTensor }
  | LoopBody;

/** A graph inside a node; its last inputs are values of the graph around it, by name. */
export interface LoopBody {
  readonly graph: Graph;
  readonly captured: readonly string[];
}

/** ONNX attributes by name; undefined ones are left out. */
export interface OnnxAttributes {
  readonly [name: string]: OnnxAttribute | undefined;
}

/** ONNX element types that lowerings may cast to inside an operation. */
export type OnnxType = DType | "int8" | "uint32" | "uint64" | "float64";

/** How a lowering writes ONNX: every method gives names of values. */
export interface Emit {
  /** Adds a node with one output. An empty input name leaves an optional input out. */
  one(
    type: string,
    inputs: readonly string[],
    attributes?: OnnxAttributes,
    domain?: "com.microsoft",
  ): string;
  /** Adds a node with `outputs` outputs. */
  many(
    type: string,
    inputs: readonly string[],
    outputs: number,
    attributes?: OnnxAttributes,
    domain?: "com.microsoft",
  ): readonly string[];
  /**
   * A 1-D int64 tensor of sizes. Pass the attribute array itself: where the graph is exported with free
   * dimensions, sizes that depend on them are computed from the inputs' shapes.
   */
  sizes(values: readonly number[]): string;
  /** A scalar constant. */
  scalar(value: number, type: OnnxType): string;
  /** A constant tensor; `as` reads bytes as having signs. */
  constant(value: HostTensor, as?: "int8"): string;
  /** A cast to an ONNX element type. */
  cast(input: string, to: OnnxType): string;
}
