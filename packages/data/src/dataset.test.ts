import { expect, test } from "vitest";
import { Dataset } from "./dataset.ts";
import { DataError } from "./errors.ts";

/** Images of one row of two pixels; image `i` holds `10 i` and `10 i + 1`. */
function numbered(labels: readonly number[]): Dataset {
  return new Dataset({
    images: Uint8Array.from(labels.flatMap((_, i) => [10 * i, 10 * i + 1])),
    height: 1,
    width: 2,
    channels: 1,
    labels: Int32Array.from(labels),
    classes: ["no", "yes"],
  });
}

test("a subset holds the images asked for, in that order", () => {
  const subset = numbered([0, 1, 0, 1]).subset([3, 0, 3]);
  expect(subset.size).toBe(3);
  expect(Array.from(subset.images)).toEqual([30, 31, 0, 1, 30, 31]);
  expect(Array.from(subset.labels)).toEqual([1, 0, 1]);
  expect(subset.classes).toEqual(["no", "yes"]);
});

test("take gives the first images, or all", () => {
  const data = numbered([0, 1, 0]);
  expect(Array.from(data.take(2).images)).toEqual([0, 1, 10, 11]);
  expect(Array.from(data.take(2).labels)).toEqual([0, 1]);
  expect(data.take(9).size).toBe(3);
  expect(data.take(0).size).toBe(0);
});

test("a split keeps the classes' proportions, loses nothing and repeats nothing", () => {
  const data = numbered(Array.from({ length: 25 }, (_, i) => (i % 5 === 0 ? 1 : 0)));
  const { train, test: held } = data.split({ fraction: 0.2, seed: 4 });
  expect([train.size, held.size]).toEqual([20, 5]);
  expect(Array.from(held.labels).filter((label) => label === 1)).toEqual([1]);
  const first = [train, held].flatMap((part) =>
    Array.from(part.images).filter((_, i) => i % 2 === 0),
  );
  expect(first.sort((a, b) => a - b)).toEqual(Array.from({ length: 25 }, (_, i) => 10 * i));
  for (const part of [train, held]) {
    part.labels.forEach((label, i) => {
      expect(label).toBe(((part.images[2 * i] ?? 0) / 10) % 5 === 0 ? 1 : 0);
    });
  }
});

test("a split depends on its seed alone", () => {
  const data = numbered(Array.from({ length: 24 }, (_, i) => i % 2));
  const held = (seed: number): number[] =>
    Array.from(data.split({ fraction: 0.5, seed }).test.images);
  expect(held(1)).toEqual(held(1));
  expect(held(1)).not.toEqual(held(2));
});

test("a split leaves an image of every class on both sides", () => {
  const data = numbered([0, 0, 1, 1]);
  for (const fraction of [0.01, 0.99]) {
    const { train, test: held } = data.split({ fraction, seed: 0 });
    expect(Array.from(train.labels)).toEqual([0, 1]);
    expect(Array.from(held.labels)).toEqual([0, 1]);
  }
});

test("statistics are those of each channel", () => {
  const data = new Dataset({
    images: Uint8Array.of(0, 10, 255, 30, 0, 20, 255, 20),
    height: 2,
    width: 1,
    channels: 2,
    labels: Int32Array.of(0, 0),
    classes: ["only"],
  });
  const { mean, deviation } = data.statistics();
  expect(mean).toEqual([0.5, 20 / 255]);
  expect(deviation[0]).toBe(0.5);
  expect(deviation[1]).toBeCloseTo(Math.sqrt(50) / 255, 15);
});

test("what does not fit is named", () => {
  const content = { height: 1, width: 2, channels: 1, classes: ["a", "b"] };
  const make =
    (bytes: number, labels: number[], more: object = {}) =>
    () =>
      new Dataset({
        ...content,
        images: new Uint8Array(bytes),
        labels: Int32Array.from(labels),
        ...more,
      });
  expect(make(5, [0, 1])).toThrow(
    new DataError(
      "Dataset: 2 images of 1 x 2 x 1 take 4 bytes, got 5: give as many labels as images.",
    ),
  );
  expect(make(4, [0, 2])).toThrow(
    new DataError("Dataset: image 1 has label 2, but there are 2 classes: labels count from 0."),
  );
  expect(make(0, [], { width: 0 })).toThrow(
    new DataError("Dataset: width must be a whole number from 1, got 0."),
  );
});

test("wrong requests are named", () => {
  const data = numbered([0, 1, 1]);
  expect(() => data.subset([3])).toThrow(
    new DataError("subset: there is no image 3: use whole numbers from 0 to 2."),
  );
  expect(() => data.take(-1)).toThrow(
    new DataError("take: the count must be a whole number from 0, got -1."),
  );
  expect(() => data.split({ fraction: 1, seed: 0 })).toThrow(
    new DataError("split: the fraction must be between 0 and 1, got 1."),
  );
  expect(() => data.split({ fraction: 0.5, seed: 0 })).toThrow(
    new DataError(
      'split: class "no" has 1 image, and a split needs at least 2 of every class: ' +
        "add images or leave the class out.",
    ),
  );
  expect(() => data.take(0).statistics()).toThrow(
    new DataError("statistics: the data set is empty: give it at least one image."),
  );
});
