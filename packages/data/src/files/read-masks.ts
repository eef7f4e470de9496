import { checkWhole } from "../check.ts";
import { counted } from "../counted.ts";
import { DataError } from "../errors.ts";
import { decodeImage, measureImage, type SeenSize } from "./decode.ts";
import { isImageFile } from "./image-format.ts";
import { filesAt, pairFiles } from "./list-files.ts";

const MOST_CLASSES = 256;

/** How images and masks are read. */
export interface ImageMaskOptions {
  /** The common size in pixels; a number is both height and width. Needed where images differ in size. */
  readonly size?: number | SeenSize;
}

/**
 * Images and the class of each pixel. Format: a folder of PNG, JPEG or WebP images and a folder of PNG masks of the
 * same names, in which every colour is a class.
 */
export interface SegmentationData {
  /** `[N, H, W, 3]`, bytes. */
  readonly images: Uint8Array;
  /** The class of each pixel, `[N, H, W]`, as an index into `classes`. */
  readonly masks: Uint8Array;
  readonly names: readonly string[];
  readonly height: number;
  readonly width: number;
  /** The colours that stand for the classes, such as `#ff0000`, sorted from dark to bright as numbers. */
  readonly classes: readonly string[];
  readonly size: number;
  describe(): string;
}

/**
 * Reads images with their masks, scaled to one size: images as a picture is, masks without mixing classes.
 *
 * @throws DataError when a file is damaged or has no partner, a mask is of another size than its image, or images
 * differ in size and none was given.
 */
export async function readImageMasks(
  imageFolder: string,
  maskFolder: string,
  options: ImageMaskOptions = {},
): Promise<SegmentationData> {
  const what = "PNG, JPEG or WebP image";
  const pairs = await pairFiles(
    await filesAt(imageFolder, isImageFile, what),
    await filesAt(maskFolder, isImageFile, what),
    [imageFolder, maskFolder],
  );
  const { height, width } = await commonSize(pairs, options.size);
  const pixels = height * width;
  const images = new Uint8Array(pairs.length * pixels * 3);
  const colours = new Int32Array(pairs.length * pixels);
  for (const [place, [, image, mask]] of pairs.entries()) {
    images.set(await decodeImage(image, { height, width }), place * pixels * 3);
    colours.set(await decodeMask(mask, { height, width }), place * pixels);
  }
  const found = [...new Set(colours)].sort((a, b) => a - b);
  checkColours(found.length, maskFolder);
  const places = new Map(found.map((colour, label) => [colour, label]));
  const classes = found.map(colourName);
  return {
    images,
    masks: Uint8Array.from(colours, (colour) => places.get(colour) as number),
    names: pairs.map(([name]) => name),
    height,
    width,
    classes,
    size: pairs.length,
    describe: () =>
      `${counted(pairs.length, "image")} of ${height} x ${width} pixels in ${counted(classes.length, "class")} (` +
      `${classes.slice(0, 8).join(", ")}${classes.length > 8 ? ", ..." : ""})`,
  };
}

/** A picture and the colour of each pixel of its mask, at their own size. */
export interface MaskedPicture {
  readonly name: string;
  /** `[H, W, 3]`, bytes. */
  readonly pixels: Uint8Array;
  /** A number of 24 bits for each pixel, `[H, W]`. */
  readonly colours: Int32Array;
  readonly height: number;
  readonly width: number;
}

/**
 * Reads pictures with their masks, each at its own size.
 *
 * @throws DataError when a file is damaged or has no partner, a mask is of another size than its picture, or the masks
 * have a single colour or more than 256.
 */
export async function readMaskedPictures(
  imageFolder: string,
  maskFolder: string,
  onRead: (share: number) => void = () => undefined,
): Promise<MaskedPicture[]> {
  const what = "PNG, JPEG or WebP image";
  const pairs = await pairFiles(
    await filesAt(imageFolder, isImageFile, what),
    await filesAt(maskFolder, isImageFile, what),
    [imageFolder, maskFolder],
  );
  const seen = new Set<number>();
  const read: MaskedPicture[] = [];
  for (const [name, image, mask] of pairs) {
    const size = await measureImage(image);
    const masked = await measureImage(mask);
    if (sizeText(size) !== sizeText(masked)) throw otherSize(mask, masked, size);
    const colours = await decodeMask(mask, size);
    for (const colour of colours) seen.add(colour);
    const { height, width } = size;
    read.push({ name, pixels: await decodeImage(image, size), colours, height, width });
    onRead(read.length / pairs.length);
  }
  checkColours(seen.size, maskFolder);
  return read;
}

function otherSize(mask: string, masked: SeenSize, seen: SeenSize): DataError {
  return new DataError(
    `"${mask}" has ${sizeText(masked)} pixels, but its image has ${sizeText(seen)}: use a mask of the same size.`,
  );
}

/** How a colour of 24 bits is written, such as `#ff0000`. */
export function colourName(colour: number): string {
  return `#${colour.toString(16).padStart(6, "0")}`;
}

function checkColours(count: number, folder: string): void {
  if (count >= 2 && count <= MOST_CLASSES) return;
  throw new DataError(
    `the masks in "${folder}" have ${counted(count, "colour")}, and every colour is a class: use from 2 to ` +
      `${MOST_CLASSES}, and PNG, which keeps colours as they are.`,
  );
}

type Pairs = readonly (readonly [name: string, image: string, mask: string])[];

async function commonSize(pairs: Pairs, size: ImageMaskOptions["size"]): Promise<SeenSize> {
  let first: SeenSize | undefined;
  let other: string | undefined;
  for (const [, image, mask] of pairs) {
    const [seen, masked] = [await measureImage(image), await measureImage(mask)];
    if (sizeText(seen) !== sizeText(masked)) {
      throw otherSize(mask, masked, seen);
    }
    first ??= seen;
    if (sizeText(seen) !== sizeText(first)) other ??= image;
  }
  if (size !== undefined) {
    const { height, width } = typeof size === "number" ? { height: size, width: size } : size;
    checkWhole("readImageMasks: size", height, 1);
    checkWhole("readImageMasks: size", width, 1);
    return { height, width };
  }
  if (other === undefined && first) return first;
  throw new DataError(`"${other}" differs in size from the images before it: pass a common size.`);
}

function sizeText({ height, width }: SeenSize): string {
  return `${height} x ${width}`;
}

/** The colour of each pixel as a number of 24 bits. */
async function decodeMask(path: string, { height, width }: SeenSize): Promise<Int32Array> {
  const { default: sharp } = await import("sharp");
  const bytes = await sharp(path, { failOn: "error" })
    .autoOrient()
    .resize({ width, height, fit: "cover", kernel: "nearest", fastShrinkOnLoad: false })
    .removeAlpha()
    .toColourspace("srgb")
    .raw()
    .toBuffer()
    .catch((cause: unknown) => {
      throw new DataError(`"${path}" is not a whole mask: replace it or delete it.`, { cause });
    });
  return Int32Array.from({ length: height * width }, (_, i) => bytes.readUIntBE(3 * i, 3));
}
