import { expect, test } from "vitest";
import { allocate, bytesPerElement, dtypes, isFloating, isInteger, shortName } from "./dtype.ts";

test("each dtype has its bytes, its short name, its kind and its memory", () => {
  const facts = dtypes.map((dtype) => [
    dtype,
    bytesPerElement(dtype),
    shortName(dtype),
    isFloating(dtype),
    isInteger(dtype),
    allocate(dtype, 3),
  ]);
  expect(facts).toEqual([
    ["float32", 4, "f32", true, false, new Float32Array(3)],
    ["float16", 2, "f16", true, false, new Uint16Array(3)],
    ["int32", 4, "i32", false, true, new Int32Array(3)],
    ["int64", 8, "i64", false, true, new BigInt64Array(3)],
    ["uint8", 1, "u8", false, true, new Uint8Array(3)],
    ["bool", 1, "bool", false, false, new Uint8Array(3)],
  ]);
});

test("an element takes as many bytes as its memory says", () => {
  for (const dtype of dtypes) {
    expect(allocate(dtype, 0).BYTES_PER_ELEMENT, dtype).toBe(bytesPerElement(dtype));
  }
});
