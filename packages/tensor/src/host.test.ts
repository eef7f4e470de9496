import { expect, test } from "vitest";
import { fromFloat16Bits, HostTensor, hostTensor, toFloat16Bits } from "./host.ts";

test("plain numbers become float32 of one axis unless said otherwise", () => {
  expect(hostTensor([1, 2, 3])).toEqual(
    new HostTensor("float32", [3], new Float32Array([1, 2, 3])),
  );
  expect(hostTensor(5)).toEqual(new HostTensor("float32", [], new Float32Array([5])));
  expect(hostTensor([1, -2], [2, 1], "int64")).toEqual(
    new HostTensor("int64", [2, 1], new BigInt64Array([1n, -2n])),
  );
  expect(hostTensor([1.5, -2.5], [2], "int64").toArray()).toEqual([1, -2]);
  expect(hostTensor([1, 0], [2], "bool").data).toEqual(new Uint8Array([1, 0]));
});

test("a typed array is used as it stands and gives the dtype", () => {
  const arrays = [
    [new Float32Array(2), "float32"],
    [new Uint16Array(2), "float16"],
    [new Int32Array(2), "int32"],
    [new BigInt64Array(2), "int64"],
    [new Uint8Array(2), "uint8"],
  ] as const;
  for (const [data, dtype] of arrays) {
    const tensor = hostTensor(data);
    expect([tensor.dtype, tensor.shape]).toEqual([dtype, [2]]);
    expect(tensor.data, dtype).toBe(data);
  }
  expect(hostTensor(new Uint8Array(2), [2], "bool").dtype).toBe("bool");
});

test("a tensor keeps its shape when the given array changes", () => {
  const shape = [2];
  const tensor = hostTensor([1, 2], shape);
  shape[0] = 7;
  expect(tensor.shape).toEqual([2]);
});

test("values that do not fit the shape or the dtype are refused", () => {
  expect(() => hostTensor([1, 2, 3], [2, 2])).toThrow(
    /^hostTensor: f32\[2,2\] needs 4 values, got 3\.$/,
  );
  expect(() => hostTensor(new Float32Array(2) as unknown as Int32Array, [2], "int32")).toThrow(
    /^hostTensor: a Float32Array cannot hold int32 values\.$/,
  );
});

test("item gives the only value and refuses more", () => {
  expect(hostTensor([7], [1, 1], "int64").item()).toBe(7);
  expect(() => hostTensor([1, 2]).item()).toThrow(/^item: f32\[2\] has 2 values, not one\.$/);
  expect(() => hostTensor([], [0]).item()).toThrow(/^item: f32\[0\] has 0 values, not one\.$/);
});

test("every float16 pattern comes back from the number it stands for", () => {
  const isNotNumber = (bits: number): boolean => (bits & 0x7c00) === 0x7c00 && (bits & 0x3ff) !== 0;
  const patterns = Array.from({ length: 0x10000 }, (_, bits) => bits).filter(
    (bits) => !isNotNumber(bits),
  );
  expect(patterns.map(fromFloat16Bits).map(toFloat16Bits)).toEqual(patterns);
});

test.each([
  [1, 1],
  [0.1, 0.0999755859375],
  [1 + 2 ** -11, 1],
  [1 + 3 * 2 ** -11, 1 + 2 ** -9],
  [65504, 65504],
  [65519, 65504],
  [65520, Number.POSITIVE_INFINITY],
  [-1e9, Number.NEGATIVE_INFINITY],
  [2 ** -24, 2 ** -24],
  [2 ** -25, 0],
  [1.5 * 2 ** -25, 2 ** -24],
  [1e-40, 0],
  [Number.NaN, Number.NaN],
])("%d is nearest to %d in float16, halves to the even pattern", (value, wanted) => {
  expect(fromFloat16Bits(toFloat16Bits(value))).toBe(wanted);
});

test("float16 values are decoded when read", () => {
  expect(hostTensor([0.5, -2], [2], "float16").toArray()).toEqual([0.5, -2]);
});
