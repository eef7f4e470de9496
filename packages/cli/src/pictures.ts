import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { readImage } from "@quire/data/files";
import type { ImageTarget } from "@quire/papers";
import { UsageError } from "./errors.ts";

const pictureName = /\.(png|jpe?g|webp)$/i;

/**
 * The picture at a path, or all pictures below a folder, sorted by path; hidden ones are left out.
 *
 * @throws UsageError when there is nothing at the path, or no picture below it.
 */
export function picturesAt(path: string): string[] {
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found) throw new UsageError(`"${path}" does not exist: give a picture or a folder of them.`);
  if (!found.isDirectory()) return [path];
  const pictures = readdirSync(path, { recursive: true, encoding: "utf8" })
    .filter((name) => pictureName.test(name) && !/(^|[\\/])\./.test(name))
    .map((name) => join(path, name))
    .sort();
  if (pictures.length > 0) return pictures;
  throw new UsageError(`folder "${path}" holds no PNG, JPEG or WebP picture: give another one.`);
}

/** Reads pictures, scaled and cut to a classifier's size, one after the other in one array. */
export async function readPictures(
  paths: readonly string[],
  { height, width, channels }: ImageTarget,
  onRead: (share: number) => void,
): Promise<Uint8Array> {
  const bytes = height * width * channels;
  const images = new Uint8Array(paths.length * bytes);
  for (const [place, path] of paths.entries()) {
    images.set(await readImage(path, { height, width, channels }), place * bytes);
    onRead((place + 1) / paths.length);
  }
  return images;
}
