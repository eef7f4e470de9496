import { type GridIcon, iconSvg } from "@quire/data";
import { svgPixels } from "@quire/data/files";

/** Pixels in each direction that icons are compared by. */
const SIDE = 32;

/** Where an icon stands on its grid. */
export interface Extent {
  /** The centre of what is drawn, in widths of the icon. */
  readonly x: number;
  readonly y: number;
  /** The larger of its width and height, in widths of the icon. */
  readonly size: number;
}

/** An icon as it is seen. */
export interface Picture {
  /** How much of each pixel is covered, with the drawing filling the picture; 0 to 255. */
  readonly pixels: Uint8Array;
  readonly extent: Extent;
}

/** Renders an icon, scaled so that it fills the picture. */
export async function pictureOf(icon: GridIcon): Promise<Picture> {
  const points = icon.paths
    .flat()
    .flatMap(({ start, segments }) => [start, ...segments.map(({ to }) => to)]);
  const [left, right, top, bottom] = [0, 1].flatMap((axis) => {
    const values = points.map((point) => point[axis] as number);
    return [Math.min(...values), Math.max(...values)];
  }) as [number, number, number, number];
  const size = Math.max(right - left, bottom - top, 1);
  const [x, y] = [(left + right) / 2, (top + bottom) / 2];
  const box = [x - size / 2, y - size / 2, size, size].join(" ");
  const svg = iconSvg(icon).replace(/viewBox="[^"]*"/, `viewBox="${box}"`);
  const side = icon.grid - 1;
  return {
    pixels: await svgPixels(svg, SIDE),
    extent: { x: x / side, y: y / side, size: size / side },
  };
}

/** How much of what either of two pictures covers both cover, from 0 to 1. */
export function overlap(a: Uint8Array, b: Uint8Array): number {
  let [both, either] = [0, 0];
  for (let i = 0; i < a.length; i++) {
    const [first, second] = [a[i] as number, b[i] as number];
    both += Math.min(first, second);
    either += Math.max(first, second);
  }
  return either === 0 ? 1 : both / either;
}

/** Pictures that overlap so far are the same to the eye. */
const SAME = 0.95;

/** Whether two icons look the same: the same shape at about the same place. */
export function looksLike(a: Picture, b: Picture): boolean {
  return distance(a.extent, b.extent) < 1 - SAME && overlap(a.pixels, b.pixels) > SAME;
}

/** How far two extents are from each other, in widths of the icon. */
export function distance(a: Extent, b: Extent): number {
  return Math.hypot(a.x - b.x, a.y - b.y, a.size - b.size);
}

/** The place of the largest value. */
export function largest<T>(items: readonly T[], value: (item: T) => number): T {
  let [best, most] = [items[0] as T, Number.NEGATIVE_INFINITY];
  for (const item of items) {
    const own = value(item);
    if (own > most) [best, most] = [item, own];
  }
  return best;
}
