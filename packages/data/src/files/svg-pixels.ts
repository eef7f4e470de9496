import { DataError } from "../errors.ts";

/** Pixels are averages of so many rendered ones in each direction. */
const FINER = 2;

/**
 * Renders an SVG that has a viewBox into a square: how much of each pixel is covered, 0 to 255.
 *
 * @param side Pixels in each direction.
 * @throws DataError when it cannot be rendered.
 */
export async function svgPixels(svg: string, side: number): Promise<Uint8Array> {
  const { default: sharp } = await import("sharp");
  const sized = svg.replace(
    /<svg\b([^>]*)>/,
    (_, given: string) =>
      `<svg${given.replace(/\s(width|height)="[^"]*"/g, "")} width="${FINER * side}" height="${FINER * side}">`,
  );
  try {
    const rendered = sharp(Buffer.from(sized)).ensureAlpha().extractChannel(3);
    const small = await rendered.resize(side, side, { kernel: "cubic" }).raw().toBuffer();
    return new Uint8Array(small);
  } catch (cause) {
    throw new DataError("an SVG cannot be rendered: check that it is whole.", { cause });
  }
}
