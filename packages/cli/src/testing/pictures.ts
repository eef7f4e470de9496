import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { shapes } from "@quire/data";
import sharp from "sharp";

/** Writes pictures of shapes as PNG files, a folder a class, of the first so many classes. */
export async function writeShapes(
  folder: string,
  {
    size,
    count,
    classes: kept,
  }: { readonly size: number; readonly count: number; readonly classes?: number },
): Promise<void> {
  const { images, labels, classes, imageBytes } = shapes({ size, count, seed: 4 });
  const raw = { width: size, height: size, channels: 3 as const };
  for (const [place, label] of labels.entries()) {
    if (label >= (kept ?? classes.length)) continue;
    const own = join(folder, classes[label] as string);
    mkdirSync(own, { recursive: true });
    await sharp(images.subarray(place * imageBytes, (place + 1) * imageBytes), { raw })
      .png()
      .toFile(join(own, `${place}.png`));
  }
}
