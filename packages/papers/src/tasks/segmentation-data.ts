// C channels, D slices (1 of a picture), H rows, W columns

import { QuireError, Random } from "@quire/tensor";

/** A picture or a volume with the class of each of its places. A picture is a volume of one slice. */
export interface SegmentationCase {
  readonly name: string;
  /** Centred and divided by the deviation channel by channel, `[C, D, H, W]`. */
  readonly values: Float32Array;
  /** Classes as indices, `[D, H, W]`; empty where they are not known. */
  readonly labels: Uint8Array;
  readonly channels: number;
  readonly size: Size;
}

/** Slices, rows and columns. */
export type Size = readonly [depth: number, height: number, width: number];

/** What segmenters learn from and are measured on. */
export interface SegmentationData {
  readonly train: readonly SegmentationCase[];
  readonly validation: readonly SegmentationCase[];
  /** What stands for each class in masks, the background first. */
  readonly classes: readonly string[];
  readonly channels: number;
  /** 2 for pictures, 3 for volumes. */
  readonly axes: 2 | 3;
  /** How far places stand apart along each axis, in the middle of all cases. */
  readonly spacing: readonly number[];
}

/** How many places a size has. */
export function placesOf([depth, height, width]: Size): number {
  return depth * height * width;
}

/** Values centred and divided by their deviation, channel by channel; nnU-Net's way for pictures and MRI. */
export function standardized(values: Float32Array, channels: number): Float32Array {
  const places = values.length / channels;
  const result = new Float32Array(values.length);
  for (let channel = 0; channel < channels; channel++) {
    const own = values.subarray(channel * places, (channel + 1) * places);
    let [total, squares] = [0, 0];
    for (const value of own) total += value;
    const mean = total / places;
    for (const value of own) squares += (value - mean) ** 2;
    const deviation = Math.max(Math.sqrt(squares / places), 1e-8);
    for (let i = 0; i < places; i++) {
      result[channel * places + i] = ((own[i] as number) - mean) / deviation;
    }
  }
  return result;
}

/**
 * Cases that are learnt from, and others to measure on.
 *
 * @throws QuireError when there are not two cases.
 */
export function partCases(
  cases: readonly SegmentationCase[],
  { share, seed }: { readonly share: number; readonly seed: number },
): Pick<SegmentationData, "train" | "validation"> {
  if (cases.length < 2) {
    throw new QuireError(
      "one picture or volume cannot be both learnt from and measured on: add more.",
    );
  }
  const order = new Random(seed).fork("cases").permutation(cases.length);
  const apart = Math.min(cases.length - 1, Math.max(1, Math.round(share * cases.length)));
  const chosen = new Set(order.subarray(0, apart));
  return {
    train: cases.filter((_, place) => !chosen.has(place)),
    validation: cases.filter((_, place) => chosen.has(place)),
  };
}
