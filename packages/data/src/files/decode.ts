import { DataError } from "../errors.ts";
import type { ImageSize } from "../image-tensor.ts";
import { readFormats } from "./image-format.ts";

/** Height and width of an image as it is seen, its orientation mark followed. */
export interface SeenSize {
  readonly height: number;
  readonly width: number;
}

/**
 * Reads an image's size without decoding it.
 *
 * @throws DataError when the file is no image of a format that is read.
 */
export async function measureImage(path: string): Promise<SeenSize> {
  const { default: sharp } = await import("sharp");
  const metadata = await sharp(path, { failOn: "error" })
    .metadata()
    .catch((cause: unknown) => refuse(path, cause));
  if (!readFormats.has(metadata.format)) {
    throw new DataError(
      `"${path}" holds ${metadata.format.toUpperCase()} data: convert it to PNG or JPEG, or delete it.`,
    );
  }
  return metadata.autoOrient;
}

/**
 * Decodes an image in colour, `[H, W, 3]`, scaled to cover the size and cut about its centre; what is
 * transparent becomes white.
 *
 * @throws DataError when the file is damaged.
 */
export async function decodeImage(path: string, { height, width }: SeenSize): Promise<Uint8Array> {
  const { default: sharp } = await import("sharp");
  const buffer = await sharp(path, { failOn: "error" })
    .autoOrient()
    .resize({ width, height, fit: "cover", position: "centre" })
    .flatten({ background: "#ffffff" })
    .toColourspace("srgb")
    .raw()
    .toBuffer()
    .catch((cause: unknown) => refuse(path, cause));
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
}

/**
 * Reads one image for prediction, `[H, W, C]` bytes as a `Dataset` stores them, scaled and cut as
 * `imageFolder` does; `imageTensor` makes a network's input of it.
 *
 * @throws DataError when the file is missing, damaged or of another format, or channels is not 1 or 3.
 */
export async function readImage(path: string, size: ImageSize): Promise<Uint8Array> {
  const { stat } = await import("node:fs/promises");
  const found = await stat(path).catch((cause: unknown) => {
    throw new DataError(`image "${path}" does not exist: check the path.`, { cause });
  });
  if (found.isDirectory()) {
    throw new DataError(`"${path}" is a folder: pass the path of one image file.`);
  }
  if (size.channels !== 1 && size.channels !== 3) {
    throw new DataError(`readImage: channels must be 1 (grey) or 3, got ${size.channels}.`);
  }
  await measureImage(path);
  const colour = await decodeImage(path, size);
  return size.channels === 1 ? greyOf(colour) : colour;
}

/**
 * Grey values of colour pixels, `[P, 3]` -> `[P]`: the luma of Rec. 601, which leaves pixels that are already
 * grey exactly as they are.
 */
export function greyOf(colour: Uint8Array): Uint8Array {
  const grey = new Uint8Array(colour.length / 3);
  for (let i = 0; i < grey.length; i++) {
    const red = colour[3 * i] as number;
    const green = colour[3 * i + 1] as number;
    const blue = colour[3 * i + 2] as number;
    grey[i] = Math.floor((299 * red + 587 * green + 114 * blue + 500) / 1000);
  }
  return grey;
}

/** Whether every pixel of `[P, 3]` has three equal values. */
export function isGrey(colour: Uint8Array): boolean {
  for (let i = 0; i < colour.length; i += 3) {
    if (colour[i] !== colour[i + 1] || colour[i] !== colour[i + 2]) return false;
  }
  return true;
}

function refuse(path: string, cause: unknown): never {
  throw new DataError(
    `"${path}" is not a whole PNG, JPEG or WebP image: replace it or delete it.`,
    { cause },
  );
}
