import { checkRange } from "../check.ts";
import { type Augmentation, imageStep, type Sample } from "./augmentation.ts";

/** Scales the image's brightness by a random factor within `amount` of 1; values stay from 0 to 1. */
export function brightness(options: { readonly amount: number }): Augmentation {
  const amount = checkRange("brightness: amount", options.amount, 0, 1);
  return imageStep((sample, random) => brighten(sample, 1 + amount * (2 * random.uniform() - 1)));
}

/** Scales the distance from the image's mean by a random factor within `amount` of 1. */
export function contrast(options: { readonly amount: number }): Augmentation {
  const amount = checkRange("contrast: amount", options.amount, 0, 1);
  return imageStep((sample, random) => sharpen(sample, 1 + amount * (2 * random.uniform() - 1)));
}

/** Multiplies every value by a factor and clips it to 0 to 1. */
export function brighten(sample: Sample, factor: number): void {
  stretch(sample.pixels, 0, factor);
}

/** Multiplies every value's distance from the mean by a factor and clips it to 0 to 1. */
export function sharpen(sample: Sample, factor: number): void {
  const { pixels } = sample;
  let sum = 0;
  for (let i = 0; i < pixels.length; i++) sum += pixels[i] as number;
  stretch(pixels, sum / pixels.length, factor);
}

function stretch(pixels: Float32Array, centre: number, factor: number): void {
  for (let i = 0; i < pixels.length; i++) {
    const value = centre + factor * ((pixels[i] as number) - centre);
    pixels[i] = Math.max(0, Math.min(1, value));
  }
}
