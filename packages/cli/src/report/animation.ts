import type { EnvironmentPicture } from "@quire/data";

/** Milliseconds that a picture is seen, and that the last one is. */
const EACH = 160;
const LAST = 1500;
/** The longest that an animation runs. */
const MOST = 12_000;

/** An animation of pictures that are all of one size, as a GIF that runs again and again. */
export async function animationOf(pictures: readonly EnvironmentPicture[]): Promise<Uint8Array> {
  const { default: sharp } = await import("sharp");
  const { width = 1, height = 1 } = pictures[0] ?? {};
  const bytes = new Uint8Array(width * height * 4 * pictures.length);
  for (const [place, picture] of pictures.entries()) {
    bytes.set(picture.bytes, place * width * height * 4);
  }
  const each = Math.max(20, Math.min(EACH, Math.round(MOST / pictures.length)));
  const delay = pictures.map((_, place) => (place === pictures.length - 1 ? LAST : each));
  const raw = { width, height: height * pictures.length, channels: 4, pageHeight: height } as const;
  return await sharp(bytes, { raw }).gif({ delay, loop: 0 }).toBuffer();
}

/** An animation as HTML that needs no other file. */
export function animationImage(gif: Uint8Array, alt: string): string {
  return `<img alt="${alt}" src="data:image/gif;base64,${Buffer.from(gif).toString("base64")}">`;
}
