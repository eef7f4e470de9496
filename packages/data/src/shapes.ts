import { Random } from "@quire/tensor";
import { checkWhole } from "./check.ts";
import { Dataset } from "./dataset.ts";

/** The shapes' names. */
export const shapeNames = ["circle", "cross", "square", "triangle"] as const;

/** A shape's name. */
export type Shape = (typeof shapeNames)[number];

/** Shapes of radius 1 about the origin, as what is inside. */
const inside: Readonly<Record<Shape, (x: number, y: number) => boolean>> = {
  circle: (x, y) => x * x + y * y <= 1,
  cross: (x, y) => {
    const near = Math.min(Math.abs(x), Math.abs(y));
    return near <= 0.3 && Math.max(Math.abs(x), Math.abs(y)) <= 1;
  },
  square: (x, y) => Math.max(Math.abs(x), Math.abs(y)) <= 0.85,
  triangle: (x, y) => y <= 0.8 && y >= 2 * Math.abs(x) - 1,
};

/** Whether a point is inside a shape of radius 1 about the origin; y grows downwards. */
export function isInside(shape: Shape, x: number, y: number): boolean {
  return inside[shape](x, y);
}

/**
 * Draws pictures of circles, crosses, squares and triangles of random place, size and colour on dark noise: a
 * small classification task that needs no files. The classes take turns.
 *
 * @param options `size` is the side in pixels; `channels` is 3 (colour) unless said.
 * @throws DataError when a size is out of range.
 */
export function shapes(options: {
  readonly size: number;
  readonly count: number;
  readonly seed: number;
  readonly channels?: 1 | 3;
}): Dataset {
  const { size, count, seed, channels = 3 } = options;
  checkWhole("shapes: size", size, 8);
  checkWhole("shapes: count", count, 0);
  const bytes = size * size * channels;
  const images = new Uint8Array(count * bytes);
  const labels = new Int32Array(count);
  const random = new Random(seed).fork("shapes");
  for (let i = 0; i < count; i++) {
    const label = i % shapeNames.length;
    labels[i] = label;
    const image = images.subarray(i * bytes, (i + 1) * bytes);
    draw(image, size, shapeNames[label] ?? "circle", random.fork(i));
  }
  return new Dataset({ images, height: size, width: size, channels, labels, classes: shapeNames });
}

function draw(image: Uint8Array, size: number, shape: Shape, random: Random): void {
  const channels = image.length / (size * size);
  const radius = size * (0.2 + 0.2 * random.uniform());
  const centreX = radius + (size - 2 * radius) * random.uniform();
  const centreY = radius + (size - 2 * radius) * random.uniform();
  const colour = Array.from({ length: channels }, () => 110 + random.integer(120));
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const within = inside[shape]((x + 0.5 - centreX) / radius, (y + 0.5 - centreY) / radius);
      for (let channel = 0; channel < channels; channel++) {
        const base = within ? (colour[channel] as number) - 20 : 0;
        image[(y * size + x) * channels + channel] = base + random.integer(within ? 40 : 90);
      }
    }
  }
}
