import type { Figure } from "../figure.ts";

/** A picture's size. */
interface PictureSize {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/** Pixels between two pictures. */
const GAP = 1;

/** Pictures, `[N, H, W, C]` bytes, in rows of one picture, parted by lines of white; as square as can be unless said. */
export function pictureGrid(
  images: Uint8Array,
  { height, width, channels }: PictureSize,
  columns?: number,
): { readonly images: Uint8Array; readonly height: number; readonly width: number } {
  const bytes = height * width * channels;
  const count = images.length / bytes;
  const across = columns ?? Math.ceil(Math.sqrt(count));
  const down = Math.ceil(count / across);
  const [whole, high] = [across * (width + GAP) - GAP, down * (height + GAP) - GAP];
  const grid = new Uint8Array(whole * high * channels).fill(255);
  for (let i = 0; i < count; i++) {
    const [top, left] = [Math.floor(i / across) * (height + GAP), (i % across) * (width + GAP)];
    for (let row = 0; row < height; row++) {
      const from = i * bytes + row * width * channels;
      grid.set(
        images.subarray(from, from + width * channels),
        ((top + row) * whole + left) * channels,
      );
    }
  }
  return { images: grid, height: high, width: whole };
}

/** A picture, `[H, W, C]` bytes, as a figure. */
export function pictureFigure(
  { images, height, width }: ReturnType<typeof pictureGrid>,
  channels: number,
  told: { readonly title: string; readonly caption?: string },
): Figure {
  const bytes = new Uint8ClampedArray(height * width * 4).fill(255);
  for (let i = 0; i < height * width; i++) {
    for (let c = 0; c < 3; c++) {
      bytes[4 * i + c] = images[i * channels + Math.min(c, channels - 1)] as number;
    }
  }
  return { kind: "pixels", ...told, width, height, bytes };
}
