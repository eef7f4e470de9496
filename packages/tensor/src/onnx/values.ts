import { type DType, dtypes } from "../dtype.ts";
import type { OnnxType } from "../graph/emit.ts";
import type { HostTensor } from "../host.ts";
import type { TensorType } from "../shape.ts";
import type { DimensionProto, TensorProto, ValueInfoProto } from "./proto.ts";

/** ONNX's numbers for element types. */
const elementTypes: Readonly<Record<OnnxType, number>> = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  float64: 11,
  uint32: 12,
  uint64: 13,
};

/** ONNX's number for an element type. */
export function elementType(type: OnnxType): number {
  return elementTypes[type];
}

/** The dtype behind ONNX's number for an element type, if Quire has it. */
export function dtypeOf(elementType: number): DType | undefined {
  const found = Object.entries(elementTypes).find(([, number]) => number === elementType)?.[0];
  return dtypes.find((dtype) => dtype === found);
}

/** A constant as a file holds it, its values in one block of little-endian bytes. */
export function tensorProto(
  name: string,
  { dtype, shape, data }: HostTensor,
  type: OnnxType = dtype,
): TensorProto {
  return {
    dims: shape.map(BigInt),
    dataType: BigInt(elementType(type)),
    name,
    rawData: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
  };
}

/** A size or the name of a free one. */
export type NamedSize = number | string;

/** A named value with its element type and sizes. */
export function valueInfo(
  name: string,
  { dtype }: TensorType,
  sizes: readonly NamedSize[],
): ValueInfoProto {
  const dim = sizes.map(
    (size): DimensionProto =>
      typeof size === "string" ? { dimParam: size } : { dimValue: BigInt(size) },
  );
  return { name, type: { tensorType: { elemType: BigInt(elementType(dtype)), shape: { dim } } } };
}
