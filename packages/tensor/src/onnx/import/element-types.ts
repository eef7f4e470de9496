import type { DType } from "../../dtype.ts";

/** An element type of ONNX, and what its values are held as; none where no dtype holds them all. */
export interface ElementType {
  readonly name: string;
  readonly dtype: DType | undefined;
  /** Values that whole numbers of this type wrap round after, where the dtype has more. */
  readonly range?: readonly [least: number, most: number];
}

/** ONNX's element types by their numbers; narrower and wider ones are held as the nearest dtype. */
const elementTypes: Readonly<Record<number, ElementType>> = {
  1: { name: "float32", dtype: "float32" },
  2: { name: "uint8", dtype: "uint8", range: [0, 255] },
  3: { name: "int8", dtype: "int32", range: [-128, 127] },
  4: { name: "uint16", dtype: "int32", range: [0, 65535] },
  5: { name: "int16", dtype: "int32", range: [-32768, 32767] },
  6: { name: "int32", dtype: "int32", range: [-(2 ** 31), 2 ** 31 - 1] },
  7: { name: "int64", dtype: "int64" },
  8: { name: "string", dtype: undefined },
  9: { name: "bool", dtype: "bool" },
  10: { name: "float16", dtype: "float16" },
  11: { name: "float64", dtype: "float32" },
  12: { name: "uint32", dtype: "int64", range: [0, 2 ** 32 - 1] },
  13: { name: "uint64", dtype: "int64" },
  14: { name: "complex64", dtype: undefined },
  15: { name: "complex128", dtype: undefined },
  16: { name: "bfloat16", dtype: "float32" },
  17: { name: "float8e4m3fn", dtype: undefined },
  18: { name: "float8e4m3fnuz", dtype: undefined },
  19: { name: "float8e5m2", dtype: undefined },
  20: { name: "float8e5m2fnuz", dtype: undefined },
  21: { name: "uint4", dtype: "int32", range: [0, 15] },
  22: { name: "int4", dtype: "int32", range: [-8, 7] },
};

/** What ONNX's number for an element type means. */
export function elementTypeOf(number: number | bigint | undefined): ElementType {
  const found = elementTypes[Number(number ?? 0)];
  return found ?? { name: `element type ${number ?? 0}`, dtype: undefined };
}

/** The ONNX number of an element type by its name. */
export function elementNumber(name: string): number {
  return Number(Object.entries(elementTypes).find(([, type]) => type.name === name)?.[0] ?? 0);
}
