import { allocate, type DType, type TypedArray } from "../../dtype.ts";
import { GraphError } from "../../errors.ts";
import { HostTensor } from "../../host.ts";
import { sizeOf } from "../../shape.ts";
import type { TensorProto } from "../proto.ts";
import { elementTypeOf } from "./element-types.ts";

/** Files that stand beside a model and hold weights, by the location that the model gives. */
export type ExternalFiles = Readonly<Record<string, Uint8Array>>;

const EXTERNAL = 1n;

/** Memory of its own, so that any element size is aligned; a Node `Buffer` is copied too. */
function copied(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes);
}

function aligned(bytes: Uint8Array): ArrayBuffer {
  return copied(bytes).buffer;
}

/** The upper halves of float32 values as whole ones. */
function fromBfloat16(bits: ArrayLike<number>): Float32Array {
  return new Float32Array(Uint32Array.from(bits, (half) => half * 65536).buffer);
}

/** Two values a byte, the lower half first. */
function nibbles(bytes: Uint8Array, isSigned: boolean): Int32Array {
  const values = new Int32Array(2 * bytes.length);
  bytes.forEach((byte, i) => {
    values[2 * i] = byte & 15;
    values[2 * i + 1] = byte >> 4;
  });
  return isSigned ? values.map((value) => (value > 7 ? value - 16 : value)) : values;
}

/** Values of little-endian bytes, by ONNX's number for their type. */
const fromBytes: Readonly<Record<number, (bytes: Uint8Array) => TypedArray>> = {
  1: (bytes) => new Float32Array(aligned(bytes)),
  2: copied,
  3: (bytes) => Int32Array.from(new Int8Array(aligned(bytes))),
  4: (bytes) => Int32Array.from(new Uint16Array(aligned(bytes))),
  5: (bytes) => Int32Array.from(new Int16Array(aligned(bytes))),
  6: (bytes) => new Int32Array(aligned(bytes)),
  7: (bytes) => new BigInt64Array(aligned(bytes)),
  9: copied,
  10: (bytes) => new Uint16Array(aligned(bytes)),
  11: (bytes) => Float32Array.from(new Float64Array(aligned(bytes))),
  12: (bytes) => BigInt64Array.from(Array.from(new Uint32Array(aligned(bytes)), BigInt)),
  13: (bytes) => new BigInt64Array(aligned(bytes)),
  16: (bytes) => fromBfloat16(new Uint16Array(aligned(bytes))),
  21: (bytes) => nibbles(bytes, false),
  22: (bytes) => nibbles(bytes, true),
};

/** Values of the fields that list them one by one. */
function fromFields(type: number, proto: TensorProto, dtype: DType): TypedArray {
  if (proto.floatData) return Float32Array.from(proto.floatData);
  if (proto.doubleData) return Float32Array.from(proto.doubleData);
  if (proto.int64Data) return BigInt64Array.from(proto.int64Data);
  if (proto.uint64Data) return BigInt64Array.from(proto.uint64Data);
  const small = Array.from(proto.int32Data ?? [], Number);
  if (type === 16) return fromBfloat16(small);
  if (type === 21 || type === 22) return nibbles(Uint8Array.from(small), type === 22);
  const values = allocate(dtype, small.length);
  (values as Int32Array).set(small);
  return values;
}

/** The bytes that a tensor refers to in a file beside the model. */
function externalBytes({ name, externalData }: TensorProto, files: ExternalFiles): Uint8Array {
  const entries = new Map(externalData?.map(({ key, value }) => [key, value ?? ""]));
  const location = entries.get("location") ?? "";
  const file = files[location];
  if (!file) {
    throw new GraphError(
      `importOnnx: the values of "${name ?? ""}" stand in the file "${location}"; give its bytes as externalData.`,
    );
  }
  const start = Number(entries.get("offset") ?? 0);
  const length = Number(entries.get("length") ?? file.length - start);
  return file.subarray(start, start + length);
}

/**
 * The values of a tensor in a file. Types that Quire has not are held as its nearest: float64 and bfloat16 as
 * float32, small whole numbers as int32, unsigned ones of 32 and 64 bits as int64.
 *
 * @throws GraphError for texts, complex and 8-bit floating-point numbers, and where a file beside the model lacks.
 */
export function decodeTensor(proto: TensorProto, files: ExternalFiles = {}): HostTensor {
  const type = Number(proto.dataType ?? 0);
  const { name, dtype } = elementTypeOf(type);
  if (dtype === undefined) {
    throw new GraphError(
      `importOnnx: "${proto.name ?? ""}" holds ${name} values, which Quire cannot hold.`,
    );
  }
  const shape = (proto.dims ?? []).map(Number);
  const bytes = proto.dataLocation === EXTERNAL ? externalBytes(proto, files) : proto.rawData;
  const values = bytes
    ? (fromBytes[type] as (bytes: Uint8Array) => TypedArray)(bytes)
    : fromFields(type, proto, dtype);
  // Four-bit values come in pairs, the last of which may be half empty.
  const count = sizeOf(shape);
  const isPadded = (type === 21 || type === 22) && values.length === count + 1;
  return new HostTensor(dtype, shape, isPadded ? values.subarray(0, count) : values);
}
