import type { Random } from "@quire/tensor";
import { checkRange, checkWhole } from "../check.ts";
import { type Augmentation, imageStep, type Sample } from "./augmentation.ts";
import { brighten, sharpen } from "./colour.ts";
import { boxAround, cover } from "./erase.ts";
import { translate, turn } from "./geometry.ts";

const LARGEST_MAGNITUDE = 30;

/** Applies one operation at a strength from -1 to 1, where 1 is the largest magnitude. */
type Operation = (sample: Sample, strength: number, fill: number, random: Random) => void;

const operations: readonly Operation[] = [
  (sample, strength, fill) =>
    translate(sample, Math.round(0.45 * strength * sample.width), 0, fill),
  (sample, strength, fill) =>
    translate(sample, 0, Math.round(0.45 * strength * sample.height), fill),
  (sample, strength, fill) => turn(sample, 30 * strength, fill),
  (sample, strength) => sharpen(sample, 1 + 0.9 * strength),
  (sample, strength) => brighten(sample, 1 + 0.9 * strength),
  (sample, strength, fill, random) => {
    const side = Math.abs(strength) * 0.4 * Math.min(sample.height, sample.width);
    cover(sample, boxAround(sample, random, side, side), () => fill);
  },
];

/**
 * Applies a few random operations, all at one magnitude, each with a random sign: shifts along and across,
 * rotation, contrast, brightness and cutout.
 *
 * Source: Cubuk et al., "RandAugment: practical automated data augmentation with a reduced search space" (2020),
 * figure 2. The operations that work on histograms or shear are left out.
 *
 * @param options `count` of operations (2 unless said); `magnitude` from 0 to 30 (9 unless said); `fill` is the
 * value of the pixels that come in.
 */
export function randAugment(
  options: { readonly count?: number; readonly magnitude?: number; readonly fill?: number } = {},
): Augmentation {
  const count = checkWhole("randAugment: count", options.count ?? 2, 1);
  const magnitude = checkRange(
    "randAugment: magnitude",
    options.magnitude ?? 9,
    0,
    LARGEST_MAGNITUDE,
  );
  const fill = checkRange("randAugment: fill", options.fill ?? 0, 0, 1);
  return imageStep((sample, random) => {
    for (let i = 0; i < count; i++) {
      const operation = operations[random.integer(operations.length)];
      const sign = random.integer(2) === 0 ? -1 : 1;
      operation?.(sample, (sign * magnitude) / LARGEST_MAGNITUDE, fill, random);
    }
  });
}
