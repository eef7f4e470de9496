// C channels

import type { Random } from "@quire/tensor";
import type { Size } from "./segmentation-data.ts";
import type { SegmentationAugmentation } from "./segmentation-target.ts";

/** How a patch is turned around. */
export interface Turn {
  /** Whether each axis is read from its end. */
  readonly mirrored: readonly boolean[];
  /** From a place of the patch, seen from its middle, to where it is read: `[3, 3]`. Not turned where left out. */
  readonly matrix?: readonly number[];
}

/** How often patches are turned, and how often scaled; nnU-Net's. */
const OFTEN = 0.2;
const [SMALLEST, LARGEST] = [0.7, 1.4];
/** Degrees by which volumes are turned around each axis at most; pictures are turned by any angle. */
const TILT = 30;

/** Draws how a patch is turned: nnU-Net's ranges (Isensee et al. 2021, supplementary note 4). */
export function turnOf(augment: SegmentationAugmentation, size: Size, random: Random): Turn {
  const own = random.fork("turn");
  const mirrored = size.map((length) => augment.mirror && length > 1 && own.uniform() < 0.5);
  if (!augment.turn) return { mirrored };
  const isTurned = own.uniform() < OFTEN;
  const isScaled = own.uniform() < OFTEN;
  if (!isTurned && !isScaled) return { mirrored };
  const isPlane = size[0] === 1;
  const largest = isPlane ? Math.PI : (TILT * Math.PI) / 180;
  const angle = (): number => (isTurned ? largest * (2 * own.uniform() - 1) : 0);
  const turned = isPlane
    ? around(0, angle())
    : product(product(around(0, angle()), around(1, angle())), around(2, angle()));
  const scale = isScaled ? SMALLEST + (LARGEST - SMALLEST) * own.uniform() : 1;
  const matrix = turned.map((value, i) => {
    const sign = mirrored[i % 3] ? -1 : 1;
    // A picture's only slice is not scaled.
    return sign * value * (isPlane && i === 0 ? 1 : scale);
  });
  return { mirrored, matrix };
}

/** A turn around an axis. */
function around(axis: number, angle: number): number[] {
  const matrix = [1, 0, 0, 0, 1, 0, 0, 0, 1];
  const [a, b] = [(axis + 1) % 3, (axis + 2) % 3] as const;
  matrix[3 * a + a] = Math.cos(angle);
  matrix[3 * b + b] = Math.cos(angle);
  matrix[3 * a + b] = -Math.sin(angle);
  matrix[3 * b + a] = Math.sin(angle);
  return matrix;
}

function product(first: readonly number[], second: readonly number[]): number[] {
  return Array.from({ length: 9 }, (_, i) => {
    const [row, column] = [Math.floor(i / 3), i % 3];
    return [0, 1, 2].reduce(
      (sum, k) => sum + (first[3 * row + k] as number) * (second[3 * k + column] as number),
      0,
    );
  });
}

/** Changes a patch's values now and then: noise, brightness, contrast, gamma; nnU-Net's ranges. `[C, ...]` in place */
export function changeValues(values: Float32Array, channels: number, random: Random): void {
  const between = (low: number, high: number): number => low + (high - low) * random.uniform();
  if (random.uniform() < 0.1) {
    const deviation = Math.sqrt(between(0, 0.1));
    for (let i = 0; i < values.length; i++) {
      values[i] = (values[i] as number) + deviation * random.normal();
    }
  }
  const places = values.length / channels;
  for (let channel = 0; channel < channels; channel++) {
    const own = values.subarray(channel * places, (channel + 1) * places);
    if (random.uniform() < 0.15) scale(own, between(0.75, 1.25));
    if (random.uniform() < 0.15) contrast(own, between(0.75, 1.25));
    if (random.uniform() < 0.3) gamma(own, between(0.7, 1.5));
  }
}

function scale(values: Float32Array, factor: number): void {
  for (let i = 0; i < values.length; i++) values[i] = factor * (values[i] as number);
}

interface Bounds {
  readonly low: number;
  readonly high: number;
  readonly mean: number;
}

function boundsOf(values: Float32Array): Bounds {
  let [low, high, total] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
    total += value;
  }
  return { low, high, mean: total / values.length };
}

/** Values move away from their mean or towards it, and stay within their bounds. */
function contrast(values: Float32Array, factor: number): void {
  const { low, high, mean } = boundsOf(values);
  for (let i = 0; i < values.length; i++) {
    const moved = mean + factor * ((values[i] as number) - mean);
    values[i] = Math.min(high, Math.max(low, moved));
  }
}

/** The share of the way from the lowest value to the highest, to a power. */
function gamma(values: Float32Array, power: number): void {
  const { low, high } = boundsOf(values);
  const range = Math.max(high - low, 1e-7);
  for (let i = 0; i < values.length; i++) {
    values[i] = low + range * (((values[i] as number) - low) / range) ** power;
  }
}
