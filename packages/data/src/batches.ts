import { type HostTensor, hostTensor, Random } from "@quire/tensor";
import type { Augmentation } from "./augment/augmentation.ts";
import { augmentedImages } from "./augment/augmented-images.ts";
import { checkWhole } from "./check.ts";
import type { ChannelStatistics, Dataset } from "./dataset.ts";
import { DataError } from "./errors.ts";
import type { ImageSource } from "./image-source.ts";
import { planeWriter, valueTable } from "./image-tensor.ts";

/** How a data set is cut into batches. */
export interface BatchOptions {
  /** Images a batch. */
  readonly batchSize: number;
  /** Shuffles by this seed and the epoch; without one the images come in stored order. */
  readonly seed?: number;
  /** Which pass over the data this is, 0 unless said; every epoch has its own order and augmentation. */
  readonly epoch?: number;
  /** The first batch to yield, 0 unless said; the batches are those that a run from 0 yields. */
  readonly start?: number;
  /** Leaves out a last batch that is not full; false unless said. */
  readonly dropLast?: boolean;
  /** Mean and deviation to normalise by; without them values run from 0 to 1. */
  readonly normalize?: ChannelStatistics;
  /** Random changes of the images; needs a seed. */
  readonly augment?: Augmentation;
  /** Fills the same two buffers in turn: a batch is then overwritten by the second one after it. */
  readonly reuse?: boolean;
}

/** Images and their classes, ready for a training step. */
export interface Batch {
  /** `[B, C, H, W]`. */
  readonly images: HostTensor<"float32">;
  /** Class indices, int32 `[B]`; or shares of every class, float32 `[B, K]`, where augmentation mixes them. */
  readonly labels: HostTensor<"int32"> | HostTensor<"float32">;
}

/** How many batches an epoch has. */
export function batchCount(
  dataset: Pick<Dataset, "size">,
  options: Pick<BatchOptions, "batchSize" | "dropLast">,
): number {
  checkWhole("batches: batchSize", options.batchSize, 1);
  const batches = dataset.size / options.batchSize;
  return options.dropLast ? Math.floor(batches) : Math.ceil(batches);
}

/**
 * One epoch of batches. The order depends on the seed and the epoch, and what augmentation does to an image on
 * the seed, the epoch and its place in the data set, so a run goes on from any batch exactly.
 *
 * @example
 * for (const { images, labels } of batches(train, { batchSize: 64, seed: 1, epoch: 3 })) {
 *   await step(images, labels);
 * }
 * @throws DataError when an option is out of range, the data set is empty, or augmentation has no seed.
 */
export function batches(dataset: Dataset, options: BatchOptions): IterableIterator<Batch> {
  const { seed, epoch = 0, start = 0 } = options;
  if (dataset.size === 0) {
    throw new DataError("batches: the data set is empty: give it at least one image.");
  }
  const count = batchCount(dataset, options);
  checkWhole("batches: epoch", epoch, 0);
  checkWhole("batches: start", start, 0);
  if (options.augment && seed === undefined) {
    throw new DataError("batches: augmentation draws at random: pass a seed beside augment.");
  }
  const random = seed === undefined ? undefined : new Random(seed);
  const order = random?.fork("order").fork(epoch).permutation(dataset.size);
  const source =
    options.augment && random
      ? augmentedImages(dataset, options.augment, random.fork("augment").fork(epoch), options)
      : plainImages(dataset, valueTable(dataset.channels, options.normalize));
  return generate(source, dataset, options, { order, start, count });
}

function* generate(
  source: ImageSource,
  dataset: Dataset,
  { batchSize, reuse = false }: BatchOptions,
  range: { order: Int32Array | undefined; start: number; count: number },
): Generator<Batch, undefined> {
  const rows = Math.min(batchSize, dataset.size);
  const kept = reuse ? [allocate(source, dataset, rows), allocate(source, dataset, rows)] : [];
  for (let batch = range.start; batch < range.count; batch++) {
    const first = batch * batchSize;
    const size = Math.min(batchSize, dataset.size - first);
    const buffers = kept[batch % 2] ?? allocate(source, dataset, size);
    for (let slot = 0; slot < size; slot++) {
      const index = range.order ? (range.order[first + slot] as number) : first + slot;
      source.write(index, slot, buffers.images, buffers.labels);
    }
    yield wrap(buffers, dataset, size);
  }
}

interface Buffers {
  readonly images: Float32Array;
  readonly labels: Int32Array | Float32Array;
}

function allocate(source: ImageSource, dataset: Dataset, rows: number): Buffers {
  return {
    images: new Float32Array(rows * dataset.imageBytes),
    labels: source.mixesLabels
      ? new Float32Array(rows * dataset.classes.length)
      : new Int32Array(rows),
  };
}

function wrap({ images, labels }: Buffers, dataset: Dataset, size: number): Batch {
  const { channels, height, width, classes, imageBytes } = dataset;
  return {
    images: hostTensor(
      images.subarray(0, size * imageBytes),
      [size, channels, height, width],
      "float32",
    ),
    labels:
      labels instanceof Int32Array
        ? hostTensor(labels.subarray(0, size), [size], "int32")
        : hostTensor(labels.subarray(0, size * classes.length), [size, classes.length], "float32"),
  };
}

function plainImages(dataset: Dataset, table: Float32Array): ImageSource {
  const { images, labels, imageBytes } = dataset;
  const writePlanes = planeWriter(images, dataset, table);
  return {
    mixesLabels: false,
    write: (index, slot, to, toLabels) => {
      writePlanes(index, to, slot * imageBytes);
      toLabels[slot] = labels[index] as number;
    },
  };
}
