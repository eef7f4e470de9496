import { expect, test } from "vitest";
import { type Augmentation, compose } from "./augment/augmentation.ts";
import { horizontalFlip, randomCrop } from "./augment/geometry.ts";
import { mixup } from "./augment/mix.ts";
import { type BatchOptions, batchCount, batches } from "./batches.ts";
import { Dataset } from "./dataset.ts";
import { DataError } from "./errors.ts";
import { imageTensor } from "./image-tensor.ts";
import { shapes } from "./shapes.ts";

/** Ten images of one pixel; image `i` is `i` and of class `i`. */
const ten = new Dataset({
  images: Uint8Array.from({ length: 10 }, (_, i) => i),
  height: 1,
  width: 1,
  channels: 1,
  labels: Int32Array.from({ length: 10 }, (_, i) => i),
  classes: Array.from({ length: 10 }, (_, i) => `class ${i}`),
});

function labelsOf(dataset: Dataset, options: BatchOptions): number[][] {
  return Array.from(batches(dataset, options), ({ labels }) => Array.from(labels.data));
}

/** Every batch copied out: what a run would have seen. */
function seen(dataset: Dataset, options: BatchOptions): { images: number[]; labels: number[] }[] {
  return Array.from(batches(dataset, options), ({ images, labels }) => ({
    images: Array.from(images.data),
    labels: Array.from(labels.data),
  }));
}

test("without a seed the images come in stored order, the last batch being smaller", () => {
  expect(labelsOf(ten, { batchSize: 4 })).toEqual([
    [0, 1, 2, 3],
    [4, 5, 6, 7],
    [8, 9],
  ]);
  expect(labelsOf(ten, { batchSize: 4, dropLast: true })).toEqual([
    [0, 1, 2, 3],
    [4, 5, 6, 7],
  ]);
  expect(batchCount(ten, { batchSize: 4 })).toBe(3);
  expect(batchCount(ten, { batchSize: 4, dropLast: true })).toBe(2);
  expect(batchCount(ten, { batchSize: 20, dropLast: true })).toBe(0);
});

test("images are float32 [B, C, H, W] and labels int32 [B], each beside its own image", () => {
  const data = shapes({ size: 8, count: 6, seed: 0 });
  const normalize = data.statistics();
  const whole = imageTensor(data.images, data, normalize);
  const [first, second] = batches(data, { batchSize: 4, normalize });
  expect([first?.images.shape, second?.images.shape]).toEqual([
    [4, 3, 8, 8],
    [2, 3, 8, 8],
  ]);
  expect([first?.labels.shape, first?.labels.dtype]).toEqual([[4], "int32"]);
  const joined = [...(first?.images.data ?? []), ...(second?.images.data ?? [])];
  expect(joined).toEqual(Array.from(whole.data));
  for (const { images, labels } of batches(ten, { batchSize: 3, seed: 1 })) {
    expect(Array.from(images.data, (value) => Math.round(value * 255))).toEqual(
      Array.from(labels.data),
    );
  }
});

test("an epoch shuffles all images, by seed and epoch", () => {
  const order = (seed: number, epoch: number): number[] =>
    labelsOf(ten, { batchSize: 3, seed, epoch }).flat();
  expect(order(5, 0)).toEqual([4, 5, 6, 3, 9, 0, 2, 1, 8, 7]);
  expect(order(5, 1)).not.toEqual(order(5, 0));
  expect(order(6, 0)).not.toEqual(order(5, 0));
  expect(order(5, 1).sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

test("a run resumes exactly at any batch, with augmentation and mixed labels", () => {
  const data = shapes({ size: 8, count: 11, seed: 0 });
  const augment = compose(randomCrop({ padding: 1 }), horizontalFlip(), mixup({ alpha: 0.8 }));
  const options = { batchSize: 3, seed: 2, epoch: 7, augment, normalize: data.statistics() };
  const all = seen(data, options);
  expect(all.length).toBe(4);
  for (let start = 0; start <= 4; start++) {
    expect(seen(data, { ...options, start })).toEqual(all.slice(start));
  }
});

test("what happens to an image does not depend on the batch size, but on seed and epoch", () => {
  const data = shapes({ size: 8, count: 9, seed: 0 });
  const augment = compose(randomCrop({ padding: 2 }), mixup());
  const images = (options: BatchOptions): number[] =>
    seen(data, { augment, ...options }).flatMap((batch) => batch.images);
  expect(images({ batchSize: 2, seed: 3 })).toEqual(images({ batchSize: 9, seed: 3 }));
  expect(images({ batchSize: 9, seed: 3, epoch: 1 })).not.toEqual(
    images({ batchSize: 9, seed: 3 }),
  );
});

test("an augmentation that does nothing leaves what plain batches hold", () => {
  const data = shapes({ size: 8, count: 5, seed: 0 });
  const options = { batchSize: 5, seed: 1, normalize: data.statistics() };
  const [plain] = batches(data, options);
  const [augmented] = batches(data, { ...options, augment: compose() });
  expect(augmented?.labels).toEqual(plain?.labels);
  augmented?.images.data.forEach((value, i) => {
    expect(value).toBeCloseTo(plain?.images.data[i] ?? Number.NaN, 5);
  });
});

test("mixed labels are float32 [B, K] and each row adds to 1", () => {
  const data = shapes({ size: 8, count: 6, seed: 0 });
  const [batch] = batches(data, { batchSize: 6, seed: 1, augment: mixup() });
  expect([batch?.labels.shape, batch?.labels.dtype]).toEqual([[6, 4], "float32"]);
  for (let row = 0; row < 6; row++) {
    const shares = Array.from(batch?.labels.data.subarray(row * 4, row * 4 + 4) ?? []);
    expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 6);
  }
});

test("augmentation works in the same few samples for the whole epoch", () => {
  const samples = new Set<unknown>();
  const watch: Augmentation = {
    mixesLabels: false,
    apply: (sample, random, partner) => {
      samples.add(sample).add(partner(random));
    },
  };
  expect(seen(ten, { batchSize: 2, seed: 1, augment: watch }).length).toBe(5);
  expect(samples.size).toBe(2);
});

test("reuse fills two buffers in turn and changes no value", () => {
  const data = shapes({ size: 8, count: 10, seed: 0 });
  const options = { batchSize: 3, seed: 1, augment: mixup() };
  expect(seen(data, { ...options, reuse: true })).toEqual(seen(data, options));
  const buffers = (reuse: boolean): unknown[] =>
    Array.from(batches(data, { ...options, reuse }), ({ images }) => images.data.buffer);
  const [a, b, c, d] = buffers(true);
  expect([a === c, b === d, a === b]).toEqual([true, true, false]);
  expect(new Set(buffers(false)).size).toBe(4);
});

test("wrong options are named at once", () => {
  const wrong: [BatchOptions, string][] = [
    [{ batchSize: 0 }, "batches: batchSize must be a whole number from 1, got 0."],
    [{ batchSize: 2, epoch: -1 }, "batches: epoch must be a whole number from 0, got -1."],
    [{ batchSize: 2, start: 0.5 }, "batches: start must be a whole number from 0, got 0.5."],
    [
      { batchSize: 2, augment: mixup() },
      "batches: augmentation draws at random: pass a seed beside augment.",
    ],
    [
      { batchSize: 2, normalize: { mean: [0, 0], deviation: [1, 1] } },
      "normalize: the images have 1 channels, but there are 2 means and 2 deviations: " +
        "give one of each a channel.",
    ],
  ];
  for (const [options, message] of wrong) {
    expect(() => batches(ten, options)).toThrow(new DataError(message));
  }
  expect(() => batches(ten.take(0), { batchSize: 1 })).toThrow(
    new DataError("batches: the data set is empty: give it at least one image."),
  );
});
