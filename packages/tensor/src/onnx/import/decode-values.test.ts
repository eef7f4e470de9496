import { describe, expect, test } from "vitest";
import { toFloat16Bits } from "../../host.ts";
import type { TensorProto } from "../proto.ts";
import { decodeTensor } from "./decode-values.ts";

function raw(...arrays: ArrayBufferView<ArrayBuffer>[]): Uint8Array {
  return Buffer.concat(
    arrays.map(
      ({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength),
    ),
  );
}

/** Stored values, by ONNX's number for their type, and what they are held as. */
const stored: readonly (readonly [
  name: string,
  proto: TensorProto,
  dtype: string,
  values: readonly number[],
])[] = [
  ["float32", { dataType: 1n, rawData: raw(Float32Array.of(0.5, -2)) }, "float32", [0.5, -2]],
  ["float32, listed", { dataType: 1n, floatData: [0.5, -2] }, "float32", [0.5, -2]],
  ["uint8", { dataType: 2n, rawData: raw(Uint8Array.of(1, 255)) }, "uint8", [1, 255]],
  ["int8", { dataType: 3n, rawData: raw(Int8Array.of(-128, 3)) }, "int32", [-128, 3]],
  ["int8, listed", { dataType: 3n, int32Data: [-128n, 3n] }, "int32", [-128, 3]],
  ["uint16", { dataType: 4n, rawData: raw(Uint16Array.of(65535, 3)) }, "int32", [65535, 3]],
  ["int16", { dataType: 5n, rawData: raw(Int16Array.of(-9, 3)) }, "int32", [-9, 3]],
  ["int32", { dataType: 6n, rawData: raw(Int32Array.of(-9, 3)) }, "int32", [-9, 3]],
  ["int64", { dataType: 7n, rawData: raw(BigInt64Array.of(-9n, 3n)) }, "int64", [-9, 3]],
  ["int64, listed", { dataType: 7n, int64Data: [-9n, 3n] }, "int64", [-9, 3]],
  ["bool", { dataType: 9n, rawData: raw(Uint8Array.of(1, 0)) }, "bool", [1, 0]],
  [
    "float16, listed as bits",
    { dataType: 10n, int32Data: [0.5, -2].map((value) => BigInt(toFloat16Bits(value))) },
    "float16",
    [0.5, -2],
  ],
  ["float64", { dataType: 11n, rawData: raw(Float64Array.of(0.5, -2)) }, "float32", [0.5, -2]],
  ["float64, listed", { dataType: 11n, doubleData: [0.5, -2] }, "float32", [0.5, -2]],
  [
    "uint32",
    { dataType: 12n, rawData: raw(Uint32Array.of(2 ** 32 - 1, 3)) },
    "int64",
    [2 ** 32 - 1, 3],
  ],
  ["uint64, listed", { dataType: 13n, uint64Data: [5n, 3n] }, "int64", [5, 3]],
  [
    "bfloat16",
    { dataType: 16n, rawData: raw(Uint16Array.of(0x3f00, 0xc000)) },
    "float32",
    [0.5, -2],
  ],
  ["bfloat16, listed", { dataType: 16n, int32Data: [0x3f00n, 0xc000n] }, "float32", [0.5, -2]],
  ["uint4", { dataType: 21n, rawData: raw(Uint8Array.of(0x9f)) }, "int32", [15, 9]],
  ["int4", { dataType: 22n, rawData: raw(Uint8Array.of(0x9f)) }, "int32", [-1, -7]],
];

describe("decodeTensor", () => {
  test.each(stored)("holds %s", (_, proto, dtype, values) => {
    const tensor = decodeTensor({ ...proto, dims: [2n] });
    expect(tensor.dtype).toBe(dtype);
    expect(tensor.shape).toEqual([2]);
    expect(tensor.toArray()).toEqual(values);
  });

  test("leaves half a byte of an odd number of 4-bit values", () => {
    const tensor = decodeTensor({ dataType: 22n, dims: [3n], rawData: Uint8Array.of(0x21, 0x08) });
    expect(tensor.toArray()).toEqual([1, 2, -8]);
  });

  test("reads a part of a file beside the model, whatever its position", () => {
    const file = raw(Uint8Array.of(9, 9, 9), Float32Array.of(0.5, -2), Uint8Array.of(9));
    const externalData = Object.entries({ location: "w.bin", offset: "3", length: "8" }).map(
      ([key, value]) => ({ key, value }),
    );
    const proto = { dataType: 1n, dims: [2n], name: "w", dataLocation: 1n, externalData };
    expect(decodeTensor(proto, { "w.bin": file }).toArray()).toEqual([0.5, -2]);
  });

  test("refuses what no dtype holds", () => {
    expect(() => decodeTensor({ dataType: 8n, name: "words", dims: [0n] })).toThrow(
      /^importOnnx: "words" holds string values, which Quire cannot hold\. \(at/,
    );
    expect(() => decodeTensor({ dataType: 99n, name: "odd", dims: [0n] })).toThrow(
      /^importOnnx: "odd" holds element type 99 values, which Quire cannot hold\. \(at/,
    );
  });
});
