// N rows, B batch, F encoded features, D width

import { type HostTensor, hostTensor, Random } from "@quire/tensor";
import type { TabularRows } from "./tabular-encoding.ts";
import type { Mixing } from "./tabular-target.ts";

/** Rows and targets for a training step; with what is mixed into them where embeddings are mixed. */
export interface TabularBatch {
  /** `[B, F]` */
  readonly rows: HostTensor;
  /** A standardised number, the share of the second class or the share of every class, `[B, outputs]`. */
  readonly targets: HostTensor;
  /** `[B, F]` */
  readonly other?: HostTensor;
  /** `[B, D]` */
  readonly keep?: HostTensor;
}

/** How rows are cut into batches. */
export interface TabularBatchOptions {
  /** How many batches an epoch has, and how many rows a batch. */
  readonly cut: { readonly count: number; readonly size: number };
  readonly seed: number;
  readonly epoch: number;
  readonly start: number;
  /** Values a target has. */
  readonly outputs: number;
  /** The share of each feature in all that they say of the target, `[F]`. */
  readonly importance: readonly number[];
  readonly mix?: Mixing;
  /** Length of an embedding, where embeddings are mixed. */
  readonly width?: number;
}

/** A batch's rows, each with another one of the same batch. */
interface Pairs {
  readonly data: TabularRows;
  readonly own: ArrayLike<number>;
  readonly other: ArrayLike<number>;
  readonly options: TabularBatchOptions;
}

/** One epoch of batches in a random order; the same for the same seed and epoch. */
export function* tabularBatches(
  data: TabularRows,
  options: TabularBatchOptions,
): Generator<TabularBatch, void, undefined> {
  const { cut, seed, epoch, start } = options;
  const random = new Random(seed).fork("rows").fork(epoch);
  const order = random.fork("order").permutation(data.size);
  for (let batch = start; batch < cut.count; batch++) {
    const own = order.subarray(batch * cut.size, (batch + 1) * cut.size);
    const draws = random.fork("mix").fork(batch);
    const other = Int32Array.from(draws.permutation(own.length), (i) => own[i] as number);
    yield mixed({ data, own, other, options }, draws);
  }
}

function mixed(pairs: Pairs, random: Random): TabularBatch {
  switch (pairs.options.mix?.of) {
    case "features":
      return mixedFeatures(pairs, random, pairs.options.mix);
    case "hidden":
      return mixedHidden(pairs, random, pairs.options.mix);
    case "rows":
      return mixedRows(pairs, random, pairs.options.mix);
    default:
      return { rows: gathered(pairs, pairs.own), targets: targetsOf(pairs, () => 1) };
  }
}

/// Feat-Mix: some features are exchanged with another row's. The label moves by what the exchanged features say of it,
/// not by their number: exchanging noise changes no label.
function mixedFeatures(pairs: Pairs, random: Random, { alpha }: Mixing): TabularBatch {
  const [rows, others] = [gathered(pairs, pairs.own), gathered(pairs, pairs.other)];
  const [values, taken] = [rows.data as Float32Array, others.data as Float32Array];
  const { importance } = pairs.options;
  const features = importance.length;
  const shares = Array.from({ length: pairs.own.length }, (_, row) => {
    const exchanged = random.beta(alpha, alpha);
    return importance.reduce((kept, weight, feature) => {
      if (random.uniform() > exchanged) return kept + weight;
      values[row * features + feature] = taken[row * features + feature] as number;
      return kept;
    }, 0);
  });
  return { rows, targets: targetsOf(pairs, (row) => shares[row] as number) };
}

/// Hid-Mix: a share of the embedding's dimensions is another row's, and the same share of the label.
function mixedHidden(pairs: Pairs, random: Random, { alpha }: Mixing): TabularBatch {
  const { width = 1 } = pairs.options;
  const size = pairs.own.length;
  const keep = new Float32Array(size * width);
  const shares = Array.from({ length: size }, (_, row) => {
    const kept = random.beta(alpha, alpha);
    for (let i = 0; i < width; i++) keep[row * width + i] = Number(random.uniform() < kept);
    return kept;
  });
  return {
    rows: gathered(pairs, pairs.own),
    other: gathered(pairs, pairs.other),
    keep: hostTensor(keep, [size, width], "float32"),
    targets: targetsOf(pairs, (row) => shares[row] as number),
  };
}

/** Mixup (Zhang et al. 2018): all numbers of all rows and their labels in one proportion. */
function mixedRows(pairs: Pairs, random: Random, { alpha }: Mixing): TabularBatch {
  const share = random.beta(alpha, alpha);
  const [rows, others] = [gathered(pairs, pairs.own), gathered(pairs, pairs.other)];
  const [values, taken] = [rows.data as Float32Array, others.data as Float32Array];
  values.forEach((value, i) => {
    values[i] = share * value + (1 - share) * (taken[i] as number);
  });
  return { rows, targets: targetsOf(pairs, () => share) };
}

/** The rows in the given places. `-> [B, F]` */
function gathered({ data, options }: Pairs, places: ArrayLike<number>): HostTensor<"float32"> {
  const features = options.importance.length;
  const values = new Float32Array(places.length * features);
  for (let row = 0; row < places.length; row++) {
    const first = (places[row] as number) * features;
    values.set(data.inputs.subarray(first, first + features), row * features);
  }
  return hostTensor(values, [places.length, features], "float32");
}

/** Each row's own target by its share, the other's by the rest. `-> [B, outputs]` */
function targetsOf(
  { data: { targets }, own, other, options: { outputs } }: Pairs,
  shareOf: (row: number) => number,
): HostTensor<"float32"> {
  const size = own.length;
  const values = new Float32Array(size * outputs);
  const put = (row: number, target: number, share: number): void => {
    const place = outputs === 1 ? row : row * outputs + target;
    values[place] = (values[place] as number) + share * (outputs === 1 ? target : 1);
  };
  for (let row = 0; row < size; row++) {
    const share = shareOf(row);
    put(row, targets[own[row] as number] as number, share);
    put(row, targets[other[row] as number] as number, 1 - share);
  }
  return hostTensor(values, [size, outputs], "float32");
}
