import type { HostTensor } from "../host.ts";
import {
  type AttributeProto,
  encodeModel,
  type FunctionProto,
  type GraphProto,
  type NodeProto,
  type TensorProto,
} from "../onnx/proto.ts";
import { elementType, type NamedSize, tensorProto, valueInfo } from "../onnx/values.ts";
import type { TensorType } from "../shape.ts";

/** Values of attributes; whole numbers are INT unless wrapped by `float`. */
export type FileAttribute =
  | number
  | string
  | readonly number[]
  | readonly string[]
  | { readonly float: number }
  | { readonly floats: readonly number[] }
  | { readonly tensor: TensorProto }
  | { readonly graph: GraphProto };

const text = new TextEncoder();

function typedValue(value: FileAttribute): AttributeProto {
  if (typeof value === "number") return { type: 2n, i: BigInt(value) };
  if (typeof value === "string") return { type: 3n, s: text.encode(value) };
  if ("float" in value) return { type: 1n, f: value.float };
  if ("floats" in value) return { type: 6n, floats: [...value.floats] };
  if ("tensor" in value) return { type: 4n, t: value.tensor };
  if ("graph" in value) return { type: 5n, g: value.graph };
  const isTexts = value.some((item) => typeof item === "string");
  return isTexts
    ? { type: 8n, strings: value.map((item) => text.encode(String(item))) }
    : { type: 7n, ints: value.map((item) => BigInt(item)) };
}

/** A node of a file. */
export function fileNode(
  opType: string,
  input: readonly string[],
  output: readonly string[],
  attributes: Readonly<Record<string, FileAttribute>> = {},
  domain?: string,
): NodeProto {
  return {
    opType,
    input: [...input],
    output: [...output],
    attribute: Object.entries(attributes).map(([name, value]) => ({ name, ...typedValue(value) })),
    ...(domain !== undefined && { domain }),
  };
}

/** A value's type with named sizes, as a file declares it. */
export interface FileType {
  readonly dtype: TensorType["dtype"];
  readonly shape: readonly NamedSize[];
}

/** What a file holds. */
export interface FileParts {
  readonly nodes: readonly NodeProto[];
  readonly inputs?: Readonly<Record<string, FileType>>;
  /** Outputs by name; without a type ONNX Runtime works it out. */
  readonly outputs: readonly string[] | Readonly<Record<string, FileType>>;
  readonly initializers?: Readonly<Record<string, HostTensor | TensorProto>>;
}

/** A graph of a file, or of a node. */
export function fileGraph({
  nodes,
  inputs = {},
  outputs,
  initializers = {},
}: FileParts): GraphProto {
  const declared = (types: Readonly<Record<string, FileType>>) =>
    Object.entries(types).map(([name, { dtype, shape }]) =>
      valueInfo(name, { dtype, shape: [] }, shape),
    );
  return {
    name: "graph",
    node: [...nodes],
    input: declared(inputs),
    output: Array.isArray(outputs)
      ? outputs.map((name: string) => ({ name }))
      : declared(outputs as Readonly<Record<string, FileType>>),
    initializer: Object.entries(initializers).map(([name, value]) =>
      "data" in value ? tensorProto(name, value) : { ...value, name },
    ),
  };
}

/** A whole file. */
export function fileBytes(
  parts: FileParts,
  opset = 21,
  functions?: readonly FunctionProto[],
): Uint8Array {
  return encodeModel({
    irVersion: 10n,
    opsetImport: [
      { domain: "", version: BigInt(opset) },
      { domain: "com.microsoft", version: 1n },
      { domain: "local", version: 1n },
    ],
    graph: fileGraph(parts),
    ...(functions && { functions: [...functions] }),
  });
}

/** Small whole numbers without a sign or with one, stored as a file does. */
export function byteTensor(
  values: readonly number[],
  dims: readonly number[],
  type: "int8" | "uint8",
): TensorProto {
  return {
    dims: dims.map(BigInt),
    dataType: type === "int8" ? 3n : BigInt(elementType("uint8")),
    rawData: Uint8Array.from(values),
  };
}
