// B batch, C channels, D slices, H rows, W columns

import { type HostTensor, hostTensor, Random } from "@quire/tensor";
import { changeValues, type Turn, turnOf } from "./segmentation-augmentation.ts";
import { placesOf, type SegmentationCase, type Size } from "./segmentation-data.ts";
import type { SegmentationRecipe, SegmentationTarget } from "./segmentation-target.ts";

/** Patches side by side. */
export interface SegmentationBatch {
  /** `[B, C, ...patch]` */
  readonly images: HostTensor<"float32">;
  /** The class of each place, int32 `[B, ...patch]`. */
  readonly labels: HostTensor<"int32">;
}

/** What an epoch's patches are cut by. */
export interface PatchDraw {
  readonly target: SegmentationTarget;
  readonly recipe: SegmentationRecipe;
  readonly seed: number;
  readonly epoch: number;
  /** The first batch to yield. */
  readonly start: number;
}

/** Places of each class that patches are cut around, at most. */
const REMEMBERED = 2000;

/** Random patches of cases. What is drawn depends on seed, epoch and place alone, so that a run goes on exactly. */
export class Patches {
  readonly #cases: readonly SegmentationCase[];
  /** For each case, places of each class but the background that it has. */
  readonly #places: readonly (readonly Uint32Array[])[];

  constructor(cases: readonly SegmentationCase[], classes: number) {
    this.#cases = cases;
    this.#places = cases.map(({ labels }) => placesByClass(labels, classes));
  }

  /** An epoch's batches from one on. */
  *batches({ target, recipe, seed, epoch, start }: PatchDraw): Generator<SegmentationBatch> {
    const { patch, channels } = target;
    const size = sizeOfPatch(patch);
    const places = placesOf(size);
    const root = new Random(seed).fork("patches").fork(epoch);
    for (let batch = start; batch < recipe.batchesPerEpoch; batch++) {
      const images = new Float32Array(recipe.batchSize * channels * places);
      const labels = new Int32Array(recipe.batchSize * places);
      for (let row = 0; row < recipe.batchSize; row++) {
        const random = root.fork(batch).fork(row);
        const own = {
          values: images.subarray(row * channels * places, (row + 1) * channels * places),
          labels: labels.subarray(row * places, (row + 1) * places),
        };
        this.#draw(own, size, { recipe, random });
      }
      yield {
        images: hostTensor(images, [recipe.batchSize, channels, ...patch], "float32"),
        labels: hostTensor(labels, [recipe.batchSize, ...patch], "int32"),
      };
    }
  }

  #draw(
    into: CutPatch,
    size: Size,
    { recipe, random }: { readonly recipe: SegmentationRecipe; readonly random: Random },
  ): void {
    const at = random.integer(this.#cases.length);
    const given = this.#cases[at] as SegmentationCase;
    const known = this.#places[at] ?? [];
    const isAround = known.length > 0 && random.uniform() < recipe.foreground;
    const around = known[random.integer(Math.max(1, known.length))];
    const corner = given.size.map((length, axis) => {
      const room = length - (size[axis] as number);
      // A case smaller than the patch stands in its middle.
      return room <= 0 ? Math.floor(room / 2) : random.integer(room + 1);
    });
    if (isAround && around) {
      const place = around[random.integer(around.length)] as number;
      aim(corner, size, { place: placeAt(place, given.size), size: given.size });
    }
    cutPatch(given, corner as unknown as Size, size, {
      into,
      ...turnOf(recipe.augment, size, random),
    });
    if (recipe.augment.values) changeValues(into.values, given.channels, random.fork("values"));
  }
}

/** Memory for a patch: `[C, D, H, W]` and `[D, H, W]`. */
export interface CutPatch {
  readonly values: Float32Array;
  readonly labels: Int32Array;
}

/** A patch as three axes. */
export function sizeOfPatch(patch: readonly number[]): Size {
  return (patch.length === 2 ? [1, ...patch] : [...patch]) as unknown as Size;
}

function placesByClass(labels: Uint8Array, classes: number): Uint32Array[] {
  const counts = new Uint32Array(classes);
  for (const label of labels) counts[label] = (counts[label] as number) + 1;
  const found: Uint32Array[] = [];
  for (let label = 1; label < classes; label++) {
    const count = counts[label] as number;
    if (count === 0) continue;
    const kept = Math.min(count, REMEMBERED);
    const places = new Uint32Array(kept);
    let seen = 0;
    for (let place = 0; place < labels.length; place++) {
      if (labels[place] !== label) continue;
      places[Math.floor((seen * kept) / count)] = place;
      seen += 1;
    }
    found.push(places);
  }
  return found;
}

function placeAt(place: number, [, height, width]: Size): Size {
  return [
    Math.floor(place / (height * width)),
    Math.floor(place / width) % height,
    place % width,
  ] as const;
}

/** Moves a corner so that a place stands in the middle, as far as the case reaches. */
function aim(
  corner: number[],
  patch: Size,
  { place, size }: { readonly place: Size; readonly size: Size },
): void {
  for (let axis = 0; axis < 3; axis++) {
    const room = (size[axis] as number) - (patch[axis] as number);
    if (room <= 0) continue;
    const wanted = (place[axis] as number) - Math.floor((patch[axis] as number) / 2);
    corner[axis] = Math.min(room, Math.max(0, wanted));
  }
}

/** How a patch is read: where it goes, and how it is turned. */
interface Cut extends Turn {
  readonly into: CutPatch;
}

/** Cuts a patch; what lies outside of the case is 0, the mean, and background. */
function cutPatch(given: SegmentationCase, corner: Size, size: Size, cut: Cut): void {
  if (cut.matrix) readTurned(given, corner, size, { ...cut, matrix: cut.matrix });
  else readStraight(given, corner, size, cut);
}

function readStraight(given: SegmentationCase, corner: Size, size: Size, cut: Cut): void {
  const [depth, height, width] = size;
  const places = depth * height * width;
  const all = placesOf(given.size);
  const { mirrored, into } = cut;
  const at = (axis: number, i: number): number =>
    (corner[axis] as number) + (mirrored[axis] ? (size[axis] as number) - 1 - i : i);
  const isInside = (axis: number, i: number): boolean => i >= 0 && i < (given.size[axis] as number);
  for (let z = 0; z < depth; z++) {
    for (let y = 0; y < height; y++) {
      const [fromZ, fromY] = [at(0, z), at(1, y)];
      if (!isInside(0, fromZ) || !isInside(1, fromY)) continue;
      const row = (fromZ * given.size[1] + fromY) * given.size[2];
      for (let x = 0; x < width; x++) {
        const fromX = at(2, x);
        if (!isInside(2, fromX)) continue;
        const place = (z * height + y) * width + x;
        into.labels[place] = given.labels[row + fromX] ?? 0;
        for (let channel = 0; channel < given.channels; channel++) {
          const value = given.values[channel * all + row + fromX] as number;
          into.values[channel * places + place] = value;
        }
      }
    }
  }
}

/** Each place of the patch is read where the turned patch has it: values between places, labels of the nearest. */
function readTurned(
  given: SegmentationCase,
  corner: Size,
  size: Size,
  { into, matrix }: { readonly into: CutPatch; readonly matrix: readonly number[] },
): void {
  const [depth, height, width] = size;
  const places = depth * height * width;
  const middle = size.map((length) => (length - 1) / 2);
  const point: [number, number, number] = [0, 0, 0];
  for (let place = 0; place < places; place++) {
    const own = placeAt(place, size);
    for (let axis = 0; axis < 3; axis++) {
      let moved = (corner[axis] as number) + (middle[axis] as number);
      for (let from = 0; from < 3; from++) {
        const off = (own[from] as number) - (middle[from] as number);
        moved += (matrix[3 * axis + from] as number) * off;
      }
      point[axis] = moved;
    }
    const [z, y, x] = point.map(Math.round) as [number, number, number];
    const [d, h, w] = given.size;
    const isInside = z >= 0 && z < d && y >= 0 && y < h && x >= 0 && x < w;
    into.labels[place] = isInside ? (given.labels[(z * h + y) * w + x] ?? 0) : 0;
    for (let channel = 0; channel < given.channels; channel++) {
      into.values[channel * places + place] = between(given, channel, point);
    }
  }
}

/** The value between the places around a point, each weighed by its nearness; 0 stands outside. */
function between(given: SegmentationCase, channel: number, point: readonly number[]): number {
  const [d, h, w] = given.size;
  const [z0, y0, x0] = point.map(Math.floor) as [number, number, number];
  const start = channel * d * h * w;
  let value = 0;
  for (let corner = 0; corner < 8; corner++) {
    const [z, y, x] = [z0 + (corner >> 2), y0 + ((corner >> 1) & 1), x0 + (corner & 1)];
    if (z < 0 || z >= d || y < 0 || y >= h || x < 0 || x >= w) continue;
    const weight =
      (1 - Math.abs((point[0] as number) - z)) *
      (1 - Math.abs((point[1] as number) - y)) *
      (1 - Math.abs((point[2] as number) - x));
    value += weight * (given.values[start + (z * h + y) * w + x] as number);
  }
  return value;
}
