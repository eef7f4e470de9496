import { checkWhole } from "./check.ts";
import { DataError } from "./errors.ts";
import { stratifiedSplit } from "./split.ts";

/** What a set of labelled images is made of. */
export interface DatasetContent {
  /** All images in a row, `[N, H, W, C]`, each value 0 to 255. */
  readonly images: Uint8Array;
  /** Rows of an image, in pixels. */
  readonly height: number;
  /** Columns of an image, in pixels. */
  readonly width: number;
  /** Values of a pixel: 1 for grey, 3 for colour. */
  readonly channels: number;
  /** The class of each image, `[N]`, as an index into `classes`. */
  readonly labels: Int32Array;
  /** The classes' names. */
  readonly classes: readonly string[];
}

/** Mean and standard deviation of every channel, on the scale where 255 is 1. */
export interface ChannelStatistics {
  readonly mean: readonly number[];
  readonly deviation: readonly number[];
}

/**
 * Labelled images of one size, held in memory as bytes with the channels last.
 *
 * @throws DataError when the arrays do not fit the sizes, or a label names no class.
 */
export class Dataset implements DatasetContent {
  readonly images: Uint8Array;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly labels: Int32Array;
  readonly classes: readonly string[];

  constructor(content: DatasetContent) {
    checkContent(content);
    this.images = content.images;
    this.height = content.height;
    this.width = content.width;
    this.channels = content.channels;
    this.labels = content.labels;
    this.classes = [...content.classes];
  }

  /** How many images there are. */
  get size(): number {
    return this.labels.length;
  }

  /** How many bytes one image takes. */
  get imageBytes(): number {
    return this.height * this.width * this.channels;
  }

  /**
   * The images at the given places, in that order, copied; a place may come twice.
   *
   * @throws DataError when an index is not a place of this set.
   */
  subset(indices: ArrayLike<number>): Dataset {
    const bytes = this.imageBytes;
    const images = new Uint8Array(indices.length * bytes);
    const labels = new Int32Array(indices.length);
    for (let i = 0; i < indices.length; i++) {
      const index = indices[i] as number;
      if (!Number.isInteger(index) || index < 0 || index >= this.size) {
        throw new DataError(
          `subset: there is no image ${index}: use whole numbers from 0 to ${this.size - 1}.`,
        );
      }
      images.set(this.images.subarray(index * bytes, (index + 1) * bytes), i * bytes);
      labels[i] = this.labels[index] as number;
    }
    return this.#with(images, labels);
  }

  /**
   * The first `count` images (all, when there are fewer), sharing this set's memory.
   *
   * @throws DataError when count is not a whole number from 0.
   */
  take(count: number): Dataset {
    const kept = Math.min(checkWhole("take: the count", count, 0), this.size);
    return this.#with(
      this.images.subarray(0, kept * this.imageBytes),
      this.labels.subarray(0, kept),
    );
  }

  /**
   * Splits at random into `train` and `test`, every class in the same proportion: `fraction` of each class
   * goes to `test`, at least one image, and at least one stays in `train`. The order of the images is kept.
   *
   * @throws DataError when the fraction is not between 0 and 1, or a class has fewer than two images.
   */
  split(options: { readonly fraction: number; readonly seed: number }): {
    train: Dataset;
    test: Dataset;
  } {
    const { fraction, seed } = options;
    if (!(fraction > 0 && fraction < 1)) {
      throw new DataError(`split: the fraction must be between 0 and 1, got ${fraction}.`);
    }
    checkClassSizes(this);
    const { train, test } = stratifiedSplit(this.labels, this.classes, { test: fraction, seed });
    return { train: this.subset(train), test: this.subset(test) };
  }

  /**
   * Mean and deviation of every channel over all pixels of all images.
   *
   * @throws DataError when the set is empty.
   */
  statistics(): ChannelStatistics {
    if (this.size === 0) {
      throw new DataError("statistics: the data set is empty: give it at least one image.");
    }
    const counts = countValues(this.images, this.channels);
    const mean: number[] = [];
    const deviation: number[] = [];
    for (let channel = 0; channel < this.channels; channel++) {
      const count = counts.subarray(channel * 256, (channel + 1) * 256);
      const pixels = this.images.length / this.channels;
      const centre = count.reduce((sum, times, value) => sum + times * value, 0) / pixels;
      const spread = count.reduce((sum, times, value) => sum + times * (value - centre) ** 2, 0);
      mean.push(centre / 255);
      deviation.push(Math.sqrt(spread / pixels) / 255);
    }
    return { mean, deviation };
  }

  #with(images: Uint8Array, labels: Int32Array): Dataset {
    const { height, width, channels, classes } = this;
    return new Dataset({ images, height, width, channels, labels, classes });
  }
}

function checkContent(content: DatasetContent): void {
  const { images, height, width, channels, labels, classes } = content;
  for (const [name, value] of Object.entries({ height, width, channels })) {
    checkWhole(`Dataset: ${name}`, value, 1);
  }
  const wanted = labels.length * height * width * channels;
  if (images.length !== wanted) {
    throw new DataError(
      `Dataset: ${labels.length} images of ${height} x ${width} x ${channels} take ${wanted} bytes, ` +
        `got ${images.length}: give as many labels as images.`,
    );
  }
  const wrong = labels.findIndex((label) => label < 0 || label >= classes.length);
  if (wrong >= 0) {
    throw new DataError(
      `Dataset: image ${wrong} has label ${labels[wrong]}, but there are ${classes.length} classes: ` +
        "labels count from 0.",
    );
  }
}

function checkClassSizes({ labels, classes }: DatasetContent): void {
  const sizes = new Int32Array(classes.length);
  for (const label of labels) sizes[label] = (sizes[label] as number) + 1;
  const label = sizes.findIndex((size) => size < 2);
  if (label < 0) return;
  const images = sizes[label] === 1 ? "1 image" : "no image";
  throw new DataError(
    `split: class "${classes[label]}" has ${images}, and a split needs at least 2 of ` +
      "every class: add images or leave the class out.",
  );
}

/** How often each byte occurs in each channel, `[channels, 256]`. */
function countValues(images: Uint8Array, channels: number): Float64Array {
  const counts = new Float64Array(channels * 256);
  for (let channel = 0; channel < channels; channel++) {
    const base = channel * 256;
    for (let i = channel; i < images.length; i += channels) {
      const slot = base + (images[i] as number);
      counts[slot] = (counts[slot] as number) + 1;
    }
  }
  return counts;
}
