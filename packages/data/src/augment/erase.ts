import type { Random } from "@quire/tensor";
import { checkRange, checkWhole } from "../check.ts";
import { type Augmentation, imageStep, type Sample } from "./augmentation.ts";

/** A rectangle of an image: `top` and `left` belong to it, `bottom` and `right` do not. */
export interface Box {
  readonly top: number;
  readonly left: number;
  readonly bottom: number;
  readonly right: number;
}

/**
 * Covers one square at a random place, cut off at the borders.
 *
 * Source: DeVries and Taylor, "Improved regularization of convolutional neural networks with cutout" (2017),
 * section 3.2.
 *
 * @param options `size` is the side in pixels; `fill` is the value of the square, 0 (black) unless said.
 */
export function cutout(options: { readonly size: number; readonly fill?: number }): Augmentation {
  const size = checkWhole("cutout: size", options.size, 1);
  const fill = checkRange("cutout: fill", options.fill ?? 0, 0, 1);
  return imageStep((sample, random) => {
    cover(sample, boxAround(sample, random, size, size), () => fill);
  });
}

/**
 * Covers a random rectangle with noise (or one value) in some of the cases.
 *
 * Source: Zhong et al., "Random erasing data augmentation" (2017), algorithm 1, with its own settings: area
 * from 2 % to 40 % of the image, aspect ratio from 0.3 to 1 / 0.3.
 *
 * @param options `probability` is 0.5 and `fill` is "noise" unless said; a number from 0 to 1 is one value.
 */
export function randomErasing(
  options: { readonly probability?: number; readonly fill?: number | "noise" } = {},
): Augmentation {
  const probability = checkRange("randomErasing: probability", options.probability ?? 0.5, 0, 1);
  const fill = options.fill ?? "noise";
  if (fill !== "noise") checkRange("randomErasing: fill", fill, 0, 1);
  return imageStep((sample, random) => {
    if (random.uniform() >= probability) return;
    const box = erasingBox(sample, random);
    if (box) cover(sample, box, fill === "noise" ? () => random.uniform() : () => fill);
  });
}

/** A rectangle centred on a random pixel, cut off at the borders. */
export function boxAround(sample: Sample, random: Random, height: number, width: number): Box {
  const top = Math.round(random.integer(sample.height) - height / 2);
  const left = Math.round(random.integer(sample.width) - width / 2);
  return {
    top: Math.max(0, top),
    left: Math.max(0, left),
    bottom: Math.min(sample.height, top + Math.round(height)),
    right: Math.min(sample.width, left + Math.round(width)),
  };
}

/** Overwrites a rectangle of every channel. */
export function cover(
  sample: Sample,
  box: Box,
  value: (channel: number, y: number, x: number) => number,
): void {
  const { pixels, channels, height, width } = sample;
  for (let channel = 0; channel < channels; channel++) {
    for (let y = box.top; y < box.bottom; y++) {
      const row = (channel * height + y) * width;
      for (let x = box.left; x < box.right; x++) pixels[row + x] = value(channel, y, x);
    }
  }
}

const MOST_TRIES = 20;

function erasingBox({ height, width }: Sample, random: Random): Box | undefined {
  for (let tried = 0; tried < MOST_TRIES; tried++) {
    const area = height * width * (0.02 + 0.38 * random.uniform());
    const aspect = 0.3 + (1 / 0.3 - 0.3) * random.uniform();
    const rows = Math.round(Math.sqrt(area * aspect));
    const columns = Math.round(Math.sqrt(area / aspect));
    if (rows >= 1 && columns >= 1 && rows <= height && columns <= width) {
      const top = random.integer(height - rows + 1);
      const left = random.integer(width - columns + 1);
      return { top, left, bottom: top + rows, right: left + columns };
    }
  }
  return undefined;
}
