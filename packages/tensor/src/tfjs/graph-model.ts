import type { DType } from "../dtype.ts";
import { GraphError, QuireError } from "../errors.ts";
import { HostTensor, hostTensor } from "../host.ts";
import { sizeOf } from "../shape.ts";

/** An attribute of a node, as protobuf's JSON has it: whole numbers as text, texts as bytes or base64. */
export interface AttributeValue {
  readonly i?: string | number;
  readonly f?: number;
  readonly b?: boolean;
  readonly s?: string | readonly number[];
  readonly type?: string | number;
  readonly list?: { readonly i?: readonly (string | number)[] };
  readonly shape?: { readonly dim?: readonly { readonly size?: string | number }[] };
}

/** A node of a TensorFlow graph. */
export interface NodeDef {
  readonly name: string;
  readonly op: string;
  readonly input?: readonly string[];
  readonly attr?: Readonly<Record<string, AttributeValue & { readonly shape?: unknown }>>;
}

/** How a weight is stored in the files. */
interface WeightEntry {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly quantization?: {
    readonly dtype: string;
    readonly scale?: number;
    readonly min?: number;
  };
}

/** What a `model.json` of TensorFlow.js holds of a graph model. */
export interface GraphModel {
  readonly modelTopology: { readonly node: readonly NodeDef[] };
  readonly weightsManifest: readonly {
    readonly paths: readonly string[];
    readonly weights: readonly WeightEntry[];
  }[];
}

/** Dtypes by TensorFlow's names; TensorFlow.js holds whole numbers in 32 bits, as is done here. */
const named: Readonly<Record<string, DType>> = { float32: "float32", int32: "int32", bool: "bool" };

/** Dtypes by the numbers and names of protobuf. */
const typed: Readonly<Record<string, DType>> = {
  1: "float32",
  DT_FLOAT: "float32",
  3: "int32",
  DT_INT32: "int32",
  9: "int32",
  DT_INT64: "int32",
  10: "bool",
  DT_BOOL: "bool",
};

/** The dtype that a graph's number for a type means. */
export function dtypeOf({ type }: AttributeValue): DType {
  const found = typed[String(type)];
  if (found) return found;
  throw new GraphError(`importTfjs: values of type ${type} cannot be held.`);
}

/**
 * A graph model from the text of its `model.json`.
 *
 * @throws QuireError when it is none.
 */
export function parseGraphModel(text: string): GraphModel {
  let parsed: Partial<GraphModel> | null = null;
  try {
    parsed = JSON.parse(text) as Partial<GraphModel>;
  } catch (cause) {
    throw new QuireError("importTfjs: the text is no JSON.", { cause });
  }
  if (Array.isArray(parsed?.modelTopology?.node) && Array.isArray(parsed.weightsManifest)) {
    return parsed as GraphModel;
  }
  throw new QuireError(
    "importTfjs: the JSON holds no graph model of TensorFlow.js (layers models are not read).",
  );
}

/**
 * The weights of a model by their names, from the bytes of its files in the order of the manifest.
 *
 * @throws GraphError when bytes are missing, or a weight's type cannot be held.
 */
export function weightsIn(
  { weightsManifest }: GraphModel,
  bytes: Uint8Array,
): Map<string, HostTensor> {
  const weights = new Map<string, HostTensor>();
  let start = 0;
  for (const entry of weightsManifest.flatMap((group) => group.weights)) {
    const { stored, length } = storedAs(entry);
    const end = start + length * stored.BYTES_PER_ELEMENT;
    if (end > bytes.length) {
      throw new GraphError(
        `importTfjs: the weights take more than the ${bytes.length} bytes that are given; "${entry.name}" is cut off.`,
      );
    }
    const values = new stored(new Uint8Array(bytes.subarray(start, end)).buffer);
    weights.set(entry.name, decoded(entry, values));
    start = end;
  }
  return weights;
}

type Stored = Float32Array | Int32Array | Uint8Array | Uint16Array;
type StoredType = { new (buffer: ArrayBuffer): Stored; readonly BYTES_PER_ELEMENT: number };

const storedTypes: Readonly<Record<string, StoredType>> = {
  float32: Float32Array,
  int32: Int32Array,
  bool: Uint8Array,
  uint8: Uint8Array,
  uint16: Uint16Array,
};

function storedAs({ name, shape, dtype, quantization }: WeightEntry): {
  stored: StoredType;
  length: number;
} {
  const stored = storedTypes[quantization?.dtype ?? dtype];
  if (stored && Object.hasOwn(named, dtype)) return { stored, length: sizeOf(shape) };
  throw new GraphError(
    `importTfjs: weight "${name}" is ${quantization?.dtype ?? dtype}, which is not read.`,
  );
}

/** Quantised weights stand for scale · value + min. */
function decoded({ shape, dtype: name, quantization }: WeightEntry, values: Stored): HostTensor {
  const { scale = 1, min = 0 } = quantization ?? {};
  const dtype = named[name] as DType;
  if (!quantization) return new HostTensor(dtype, shape, values as HostTensor["data"]);
  return hostTensor(
    Array.from(values, (value) => value * scale + min),
    shape,
    dtype,
  );
}
