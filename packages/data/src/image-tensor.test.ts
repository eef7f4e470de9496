import { expect, test } from "vitest";
import { DataError } from "./errors.ts";
import { imageTensor } from "./image-tensor.ts";

const size = { height: 1, width: 2, channels: 3 };
const images = Uint8Array.of(0, 51, 102, 153, 204, 255, 255, 0, 0, 0, 255, 0);

test("channels move before rows and columns, and 255 becomes 1", () => {
  const tensor = imageTensor(images, size);
  expect(tensor.shape).toEqual([2, 3, 1, 2]);
  expect(Array.from(tensor.data)).toEqual(
    [0, 0.6, 0.2, 0.8, 0.4, 1, 1, 0, 0, 1, 0, 0].map(Math.fround),
  );
});

test("each channel is normalised by its own mean and deviation; a deviation of 0 counts as 1", () => {
  const tensor = imageTensor(images.subarray(0, 6), size, {
    mean: [0.5, 0, 0.25],
    deviation: [0.5, 0.1, 0],
  });
  [-1, 0.2, 2, 8, 0.15, 0.75].forEach((value, i) => {
    expect(tensor.data[i]).toBeCloseTo(value, 6);
  });
});

test("images of another size and statistics of other channels are named", () => {
  expect(() => imageTensor(images.subarray(1), size)).toThrow(
    new DataError(
      "imageTensor: 11 bytes are not a whole number of 1 x 2 x 3 images: pass images of that size.",
    ),
  );
  expect(() => imageTensor(images, size, { mean: [0], deviation: [1, 1, 1] })).toThrow(
    new DataError(
      "normalize: the images have 3 channels, but there are 1 means and 3 deviations: " +
        "give one of each a channel.",
    ),
  );
});
