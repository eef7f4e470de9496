import { checkRange, checkWhole } from "../check.ts";
import { type Augmentation, imageStep, type Sample } from "./augmentation.ts";

/**
 * Pads the image on all sides and cuts a random window of its own size.
 *
 * @param options `padding` in pixels; `fill` is the value of the added pixels, 0 (black) unless said.
 * @throws DataError when the padding is not a whole number.
 */
export function randomCrop(options: {
  readonly padding: number;
  readonly fill?: number;
}): Augmentation {
  const padding = checkWhole("randomCrop: padding", options.padding, 0);
  const fill = checkRange("randomCrop: fill", options.fill ?? 0, 0, 1);
  return imageStep((sample, random) => {
    const right = random.integer(2 * padding + 1) - padding;
    const down = random.integer(2 * padding + 1) - padding;
    translate(sample, right, down, fill);
  });
}

/** Mirrors the image left to right, in half of the cases unless `probability` says otherwise. */
export function horizontalFlip(options: { readonly probability?: number } = {}): Augmentation {
  const probability = checkRange("horizontalFlip: probability", options.probability ?? 0.5, 0, 1);
  return imageStep((sample, random) => {
    if (random.uniform() < probability) mirror(sample);
  });
}

/**
 * Moves the image by whole pixels, up to a fraction of its size each way.
 *
 * @param options `fraction` of the width and of the height; `fill` is the value of the pixels that come in.
 */
export function shift(options: {
  readonly fraction: number;
  readonly fill?: number;
}): Augmentation {
  const fraction = checkRange("shift: fraction", options.fraction, 0, 1);
  const fill = checkRange("shift: fill", options.fill ?? 0, 0, 1);
  return imageStep((sample, random) => {
    const across = Math.floor(fraction * sample.width);
    const along = Math.floor(fraction * sample.height);
    const right = random.integer(2 * across + 1) - across;
    translate(sample, right, random.integer(2 * along + 1) - along, fill);
  });
}

/**
 * Turns the image about its centre by a random angle, between pixels by bilinear interpolation.
 *
 * @param options `degrees` is the largest angle either way; `fill` is the value of the pixels that come in.
 */
export function rotate(options: {
  readonly degrees: number;
  readonly fill?: number;
}): Augmentation {
  const degrees = checkRange("rotate: degrees", options.degrees, 0, 180);
  const fill = checkRange("rotate: fill", options.fill ?? 0, 0, 1);
  return imageStep((sample, random) => turn(sample, degrees * (2 * random.uniform() - 1), fill));
}

/** Moves the image right and down by whole pixels. */
export function translate(sample: Sample, right: number, down: number, fill: number): void {
  if (right === 0 && down === 0) return;
  const { pixels, spare, channels, height, width } = sample;
  spare.fill(fill);
  const left = Math.max(0, right);
  const count = width - Math.abs(right);
  if (count > 0) {
    for (let channel = 0; channel < channels; channel++) {
      for (let y = Math.max(0, down); y < Math.min(height, height + down); y++) {
        const to = (channel * height + y) * width + left;
        const from = (channel * height + y - down) * width + left - right;
        for (let x = 0; x < count; x++) spare[to + x] = pixels[from + x] as number;
      }
    }
  }
  swap(sample);
}

/** Turns the image clockwise about its centre. */
export function turn(sample: Sample, degrees: number, fill: number): void {
  const { height, width } = sample;
  const angle = (degrees * Math.PI) / 180;
  const [sine, cosine] = [Math.sin(angle), Math.cos(angle)];
  const middleX = (width - 1) / 2;
  const middleY = (height - 1) / 2;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const fromX = cosine * (x - middleX) + sine * (y - middleY) + middleX;
      const fromY = cosine * (y - middleY) - sine * (x - middleX) + middleY;
      interpolate(sample, y * width + x, fromY, fromX, fill);
    }
  }
  swap(sample);
}

/** Writes one pixel of `spare`, all channels, from between the four pixels around a point of `pixels`. */
function interpolate(
  { pixels, spare, channels, height, width }: Sample,
  place: number,
  y: number,
  x: number,
  fill: number,
): void {
  const top = Math.floor(y);
  const left = Math.floor(x);
  const down = y - top;
  const right = x - left;
  const plane = height * width;
  const hasTop = top >= 0 && top < height;
  const hasBottom = top >= -1 && top < height - 1;
  const hasLeft = left >= 0 && left < width;
  const hasRight = left >= -1 && left < width - 1;
  let from = top * width + left;
  for (let to = place; to < channels * plane; to += plane) {
    const a = hasTop && hasLeft ? (pixels[from] as number) : fill;
    const b = hasTop && hasRight ? (pixels[from + 1] as number) : fill;
    const c = hasBottom && hasLeft ? (pixels[from + width] as number) : fill;
    const d = hasBottom && hasRight ? (pixels[from + width + 1] as number) : fill;
    const above = a + right * (b - a);
    spare[to] = above + down * (c + right * (d - c) - above);
    from += plane;
  }
}

function mirror(sample: Sample): void {
  const { pixels, channels, height, width } = sample;
  for (let row = 0; row < channels * height; row++) {
    let left = row * width;
    let right = left + width - 1;
    while (left < right) {
      const value = pixels[left] as number;
      pixels[left++] = pixels[right] as number;
      pixels[right--] = value;
    }
  }
}

function swap(sample: Sample): void {
  const { pixels } = sample;
  sample.pixels = sample.spare;
  sample.spare = pixels;
}
