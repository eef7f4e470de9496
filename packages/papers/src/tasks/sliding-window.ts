// C channels, K classes, D slices, H rows, W columns

import { placesOf, type SegmentationCase, type Size } from "./segmentation-data.ts";

/** The first places of the windows that cover a length, half a window apart at most. */
export function windowStarts(length: number, window: number): number[] {
  if (length <= window) return [Math.floor((length - window) / 2)];
  const count = Math.ceil((length - window) / (window / 2)) + 1;
  const step = (length - window) / (count - 1);
  return Array.from({ length: count }, (_, i) => Math.round(i * step));
}

/** The first places of all windows of a size that cover a case. */
export function windowsOf(size: Size, window: Size): Size[] {
  const starts = size.map((length, axis) => windowStarts(length, window[axis] as number));
  const [deep, high, wide] = starts as [number[], number[], number[]];
  return deep.flatMap((z) => high.flatMap((y) => wide.map((x) => [z, y, x] as const)));
}

/**
 * How much each place of a window counts: most in its middle, as a bell of an eighth of the window's length; nnU-Net's
 * way. `-> [D, H, W]`
 */
export function windowWeights(window: Size): Float32Array {
  const bells = window.map((length) => {
    const deviation = length / 8;
    return Array.from({ length }, (_, i) => {
      const off = (i - (length - 1) / 2) / deviation;
      return length === 1 ? 1 : Math.exp(-(off * off) / 2);
    });
  });
  const [deep, high, wide] = bells as [number[], number[], number[]];
  const weights = new Float32Array(placesOf(window));
  let place = 0;
  for (const z of deep) for (const y of high) for (const x of wide) weights[place++] = z * y * x;
  // Every place counts, so that those that only one window sees are divided by something.
  return weights.map((weight) => Math.max(weight, 1e-4));
}

/** Probabilities of a case that windows add up. */
export class Blend {
  /** `[K, D, H, W]` */
  readonly #sums: Float32Array;
  readonly #size: Size;
  readonly #classes: number;

  /** @param size The case's. */
  constructor(size: Size, classes: number) {
    this.#sums = new Float32Array(classes * placesOf(size));
    this.#size = size;
    this.#classes = classes;
  }

  /** Adds a window's probabilities `[K, ...window]`, each place by its weight. */
  add(
    probabilities: Float32Array,
    start: Size,
    { window, weights }: { readonly window: Size; readonly weights: Float32Array },
  ): void {
    const [places, all] = [placesOf(window), placesOf(this.#size)];
    walk(start, window, this.#size, (own, place) => {
      const weight = weights[own] as number;
      for (let k = 0; k < this.#classes; k++) {
        const at = k * all + place;
        const added = weight * (probabilities[k * places + own] as number);
        this.#sums[at] = (this.#sums[at] as number) + added;
      }
    });
  }

  /** The likeliest class of each place, and its probability. */
  result(): { readonly labels: Uint8Array; readonly probabilities: Float32Array } {
    const all = placesOf(this.#size);
    const labels = new Uint8Array(all);
    const probabilities = new Float32Array(all);
    for (let place = 0; place < all; place++) {
      let [best, largest, total] = [0, -1, 0];
      for (let k = 0; k < this.#classes; k++) {
        const value = this.#sums[k * all + place] as number;
        total += value;
        if (value > largest) [best, largest] = [k, value];
      }
      labels[place] = best;
      probabilities[place] = largest / total;
    }
    return { labels, probabilities };
  }
}

/** A window of a case, `[C, ...window]`; what lies outside of the case is 0, the mean. */
export function readWindow(
  { values, channels, size }: SegmentationCase,
  start: Size,
  { window, into }: { readonly window: Size; readonly into: Float32Array },
): void {
  const [places, all] = [placesOf(window), placesOf(size)];
  walk(start, window, size, (own, place) => {
    for (let channel = 0; channel < channels; channel++) {
      into[channel * places + own] = values[channel * all + place] as number;
    }
  });
}

/** Visits all places of a window that lie in the case. */
function walk(
  [deep, high, wide]: Size,
  [depth, height, width]: Size,
  [d, h, w]: Size,
  visit: (own: number, place: number) => void,
): void {
  for (let z = Math.max(0, -deep); z < Math.min(depth, d - deep); z++) {
    for (let y = Math.max(0, -high); y < Math.min(height, h - high); y++) {
      const own = (z * height + y) * width;
      const place = ((z + deep) * h + y + high) * w + wide;
      for (let x = Math.max(0, -wide); x < Math.min(width, w - wide); x++) {
        visit(own + x, place + x);
      }
    }
  }
}
