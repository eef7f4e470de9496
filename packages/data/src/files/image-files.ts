import { checkWhole } from "../check.ts";
import { DataError } from "../errors.ts";
import { decodeImage, greyOf, isGrey, measureImage, type SeenSize } from "./decode.ts";

/** How far the reading of a folder is. */
export interface ReadProgress {
  readonly stage: "measuring" | "reading";
  readonly done: number;
  readonly total: number;
}

/** How images are read. */
export interface ImageFolderOptions {
  /** The common size in pixels; a number is both height and width. */
  readonly size?: number | SeenSize;
  /** The longest side that images of one size keep where no size is given; their own unless said. */
  readonly largest?: number;
  /** 1 for grey, 3 for colour; inferred from the pixels unless said. */
  readonly channels?: 1 | 3;
  /** Called after every image. */
  readonly progress?: (progress: ReadProgress) => void;
  /** Called with a sentence for the user where a size was chosen for him. */
  readonly note?: (text: string) => void;
}

const LARGEST_DEFAULT = 64;
const MOST_BYTES = 2 ** 32 - 1;
const AT_ONCE = 8;

/** Images of one size, `[N, H, W, C]`, each value 0 to 255. */
export interface ReadImages {
  readonly images: Uint8Array;
  readonly height: number;
  readonly width: number;
  readonly channels: 1 | 3;
}

/**
 * Reads PNG, JPEG or WebP images, scaled to cover a common size and cut about the centre. Where none is given, their own
 * size is kept if all have the same; else it is their median, at most 64 pixels each way.
 *
 * @throws DataError when an image cannot be used; the sentence names it.
 */
export async function readImages(
  files: readonly string[],
  options: ImageFolderOptions = {},
): Promise<ReadImages> {
  checkSize(options.size);
  const report = (stage: ReadProgress["stage"]) => (done: number) =>
    options.progress?.({ stage, done, total: files.length });
  const sizes = await each(files, measureImage, report("measuring"));
  const size = commonSize(sizes, options);
  const colourBytes = size.height * size.width * 3;
  if (files.length * colourBytes > MOST_BYTES) {
    throw new DataError(
      `${files.length} images of ${size.height} x ${size.width} pixels do not fit into memory: ` +
        "pass a smaller size.",
    );
  }
  const images = new Uint8Array(files.length * colourBytes);
  let grey = true;
  const read = async (file: string, place: number): Promise<void> => {
    const image = await decodeImage(file, size);
    grey &&= isGrey(image);
    images.set(image, place * colourBytes);
  };
  await each(files, read, report("reading"));
  const channels = options.channels ?? (grey ? 1 : 3);
  return { images: channels === 1 ? greyOf(images) : images, ...size, channels };
}

function checkSize(size: ImageFolderOptions["size"]): void {
  const sides = typeof size === "object" ? [size.height, size.width] : [size ?? 1];
  for (const side of sides) {
    checkWhole("imageFolder: size", side, 1);
  }
}

function commonSize(sizes: readonly SeenSize[], options: ImageFolderOptions): SeenSize {
  const { size, note, largest = Number.POSITIVE_INFINITY } = options;
  if (typeof size === "number") return { height: size, width: size };
  if (size) return { height: size.height, width: size.width };
  const heights = sizes.map((seen) => seen.height).sort((a, b) => a - b);
  const widths = sizes.map((seen) => seen.width).sort((a, b) => a - b);
  const same = heights[0] === heights.at(-1) && widths[0] === widths.at(-1);
  if (same) return scaledTo(largest, median(heights), median(widths), note);
  const height = Math.min(LARGEST_DEFAULT, median(heights));
  const width = Math.min(LARGEST_DEFAULT, median(widths));
  note?.(
    `The ${sizes.length} images differ in size: they are scaled and cut to ${height} x ${width} pixels ` +
      `(height x width: the median, at most ${LARGEST_DEFAULT}); pass a size for another.`,
  );
  return { height, width };
}

function scaledTo(
  largest: number,
  height: number,
  width: number,
  note: ImageFolderOptions["note"],
): SeenSize {
  const factor = largest / Math.max(height, width);
  if (factor >= 1) return { height, width };
  const [down, across] = [height, width].map((side) => Math.max(1, Math.round(factor * side)));
  const scaled = { height: down as number, width: across as number };
  note?.(
    `The images are ${height} x ${width} pixels: they are scaled to ${scaled.height} x ${scaled.width}; ` +
      "pass a size for another.",
  );
  return scaled;
}

function median(sorted: readonly number[]): number {
  return sorted[Math.floor(sorted.length / 2)] ?? 1;
}

/**
 * Runs a task for every file, a few at once; results come in the files' order. The first file that fails ends
 * it, once what was begun has come to rest, so that the same folder always gives the same error.
 */
async function each<T>(
  files: readonly string[],
  task: (file: string, place: number) => Promise<T>,
  report: (done: number) => void,
): Promise<T[]> {
  const results = new Array<T>(files.length);
  const failures = new Map<number, unknown>();
  let next = 0;
  let done = 0;
  const worker = async (): Promise<void> => {
    while (next < files.length && failures.size === 0) {
      const place = next++;
      try {
        results[place] = await task(files[place] ?? "", place);
        report(++done);
      } catch (error) {
        failures.set(place, error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, files.length) }, worker));
  if (failures.size > 0) throw failures.get(Math.min(...failures.keys()));
  return results;
}
