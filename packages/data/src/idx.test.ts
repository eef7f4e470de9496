import { expect, test } from "vitest";
import { DataError } from "./errors.ts";
import { parseIdx } from "./idx.ts";

const images = Uint8Array.of(0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6);

test("reads shape and values, also from the middle of a buffer", () => {
  const larger = new Uint8Array(images.length + 7);
  larger.set(images, 5);
  for (const bytes of [images, larger.subarray(5, 5 + images.length)]) {
    const { shape, data } = parseIdx(bytes, "images", 3);
    expect(shape).toEqual([2, 1, 3]);
    expect(Array.from(data)).toEqual([1, 2, 3, 4, 5, 6]);
  }
});

test("axes longer than a byte are read with the highest byte first", () => {
  const labels = new Uint8Array(8 + 0x0102);
  labels.set([0, 0, 8, 1, 0, 0, 1, 2]);
  expect(parseIdx(labels, "labels", 1).shape).toEqual([258]);
});

test("a file that is not idx, cut off or too long is named", () => {
  expect(() => parseIdx(images.subarray(0, 9), "x", 3)).toThrow(
    new DataError("x: the file has 9 bytes, too few for an idx header of 16: get it again."),
  );
  const packed = images.slice();
  packed.set([0x1f, 0x8b, 8, 0]);
  expect(() => parseIdx(packed, "x", 3)).toThrow(
    new DataError(
      "x: the file starts with 1f 8b 08 00 instead of 00 00 08 03: it is not an unpacked idx file of " +
        "bytes with 3 axes.",
    ),
  );
  expect(() => parseIdx(images, "x", 1)).toThrow(
    new DataError(
      "x: the file starts with 00 00 08 03 instead of 00 00 08 01: it is not an unpacked idx file of " +
        "bytes with 1 axis.",
    ),
  );
  expect(() => parseIdx(images.subarray(0, -1), "x", 3)).toThrow(
    new DataError(
      "x: the header promises 2 x 1 x 3 values, but the file holds 5: it is damaged, get it again.",
    ),
  );
  expect(() => parseIdx(Uint8Array.of(...images, 0), "x", 3)).toThrow(
    new DataError(
      "x: the header promises 2 x 1 x 3 values, but the file holds 7: it is damaged, get it again.",
    ),
  );
});
