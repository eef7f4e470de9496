import { DataError } from "../errors.ts";
import type { Augmentation } from "./augmentation.ts";
import { boxAround, cover } from "./erase.ts";

/**
 * Blends the image with another one, and its target in the same proportion, drawn from Beta(alpha, alpha).
 *
 * Source: Zhang et al., "mixup: beyond empirical risk minimization" (ICLR 2018), section 2. The other image is
 * drawn from the whole data set, as its formula says, not from the batch.
 *
 * @param options `alpha` is 1 unless said (an even draw of the proportion).
 */
export function mixup(options: { readonly alpha?: number } = {}): Augmentation {
  const alpha = checkAlpha("mixup", options.alpha ?? 1);
  return {
    mixesLabels: true,
    apply: (sample, random, partner) => {
      const share = random.beta(alpha, alpha);
      const other = partner(random.fork("other"));
      blend(sample.pixels, other.pixels, share);
      blend(sample.target, other.target, share);
    },
  };
}

/**
 * Replaces a random rectangle by that of another image; the target is mixed by area.
 *
 * Source: Yun et al., "CutMix" (ICCV 2019), equations 1 and 2. The share counts the pixels really replaced
 * after the rectangle is cut off at the borders, as in the authors' code.
 *
 * @param options `alpha` of the Beta draw of the area kept; 1 unless said, as in the paper.
 */
export function cutmix(options: { readonly alpha?: number } = {}): Augmentation {
  const alpha = checkAlpha("cutmix", options.alpha ?? 1);
  return {
    mixesLabels: true,
    apply: (sample, random, partner) => {
      const { height, width } = sample;
      const side = Math.sqrt(1 - random.beta(alpha, alpha));
      const box = boxAround(sample, random, side * height, side * width);
      const other = partner(random.fork("other"));
      const { pixels } = other;
      cover(sample, box, (c, y, x) => pixels[(c * height + y) * width + x] as number);
      const replaced = (box.bottom - box.top) * (box.right - box.left);
      blend(sample.target, other.target, 1 - replaced / (height * width));
    },
  };
}

function blend(values: Float32Array, others: Float32Array, share: number): void {
  for (let i = 0; i < values.length; i++) {
    values[i] = share * (values[i] as number) + (1 - share) * (others[i] as number);
  }
}

function checkAlpha(name: string, alpha: number): number {
  if (alpha > 0 && alpha < Number.POSITIVE_INFINITY) return alpha;
  throw new DataError(`${name}: alpha must be above 0, got ${alpha}.`);
}
