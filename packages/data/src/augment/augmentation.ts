import type { Random } from "@quire/tensor";
import { DataError } from "../errors.ts";

/** One image on its way into a batch, with scratch memory beside it. */
export interface Sample {
  /** The image, `[C, H, W]`, 0 for black to 1 for white. */
  pixels: Float32Array;
  /** As large as `pixels` and free to overwrite: a step may write its result here and swap the two. */
  spare: Float32Array;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  /** The share of every class, `[K]`, adding to 1. */
  readonly target: Float32Array;
}

/** A way to change images at random while they are batched; what it draws depends on the image only. */
export interface Augmentation {
  /** Whether the target becomes a mixture of classes, so that batches carry soft labels. */
  readonly mixesLabels: boolean;
  /**
   * Changes the sample in place. `partner` draws another image of the data set, changed by the steps
   * before this one.
   */
  apply(sample: Sample, random: Random, partner: (random: Random) => Sample): void;
}

/**
 * Applies augmentations one after the other.
 *
 * @example
 * const augment = compose(randomCrop({ padding: 2 }), horizontalFlip(), mixup({ alpha: 0.8 }));
 */
export function compose(...steps: readonly Augmentation[]): Augmentation {
  const applySteps = (
    count: number,
    sample: Sample,
    random: Random,
    partner: (random: Random) => Sample,
  ): void => {
    for (let i = 0; i < count; i++) {
      const earlier = (draw: Random): Sample => {
        const other = partner(draw.fork("partner"));
        applySteps(i, other, draw, partner);
        return other;
      };
      steps[i]?.apply(sample, random.fork(i), earlier);
    }
  };
  return {
    mixesLabels: steps.some((step) => step.mixesLabels),
    apply: (sample, random, partner) => applySteps(steps.length, sample, random, partner),
  };
}

/**
 * Applies one of several augmentations, each equally often; `oneOf(mixup(), cutmix())` switches between both.
 *
 * @throws DataError when there is nothing to choose from.
 */
export function oneOf(...choices: readonly Augmentation[]): Augmentation {
  if (choices.length === 0) {
    throw new DataError("oneOf: give at least one augmentation to choose from.");
  }
  return {
    mixesLabels: choices.some((choice) => choice.mixesLabels),
    apply: (sample, random, partner) => {
      const chosen = random.integer(choices.length);
      choices[chosen]?.apply(sample, random.fork(chosen), partner);
    },
  };
}

/** Wraps a change of the image alone, which leaves its class as it is. */
export function imageStep(change: (sample: Sample, random: Random) => void): Augmentation {
  return { mixesLabels: false, apply: (sample, random) => change(sample, random) };
}
