import { existsSync, readdirSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import type { Volume } from "@quire/data";
import {
  colourName,
  type MaskedPicture,
  measureImage,
  readImage,
  readMaskedPictures,
  readVolume,
  readVolumes,
} from "@quire/data/files";
import { type SegmentationCase, type SegmentationData, standardized } from "@quire/papers";
import { UsageError } from "../errors.ts";
import { picturesAt } from "../pictures.ts";

/** Pictures or volumes whose classes are known. */
export type MaskedCases = Omit<SegmentationData, "train" | "validation"> & {
  readonly cases: readonly SegmentationCase[];
};

/** How masked cases are read. */
interface ReadOptions {
  /** The classes that masks may hold; those that they hold unless said. */
  readonly known?: readonly string[] | undefined;
  readonly onRead?: (share: number) => void;
}

const imageFolders = ["images", "imagesTr"];
const maskFolders = ["masks", "labels", "labelsTr"];
/** Classes are kept as bytes. */
const MOST_CLASSES = 256;

/**
 * Reads a folder of pictures or NIfTI volumes and one of their masks, which stand side by side in a folder.
 *
 * @throws UsageError when there are no such folders, or a mask holds a class that is not known.
 */
export async function readMasked(path: string, options: ReadOptions = {}): Promise<MaskedCases> {
  if (!existsSync(path)) throw new UsageError(`"${path}" does not exist: give a folder.`);
  const [images, masks] = [imageFolders, maskFolders].map((names) =>
    names.map((name) => join(path, name)).find((folder) => isFolder(folder)),
  );
  if (images === undefined || masks === undefined) {
    throw new UsageError(
      `"${path}" has no folders "images" and "masks": put pictures or NIfTI volumes into the one and their masks, by the same names, into the other.`,
    );
  }
  return holdsVolumes(images)
    ? await readMaskedVolumes(images, masks, options)
    : await readPictureCases(images, masks, options);
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

const isVolume = (name: string): boolean => /\.nii(\.gz)?$/i.test(name);

function holdsVolumes(folder: string): boolean {
  return readdirSync(folder, { recursive: true, encoding: "utf8" }).some(isVolume);
}

async function readPictureCases(
  images: string,
  masks: string,
  { known, onRead }: ReadOptions,
): Promise<MaskedCases> {
  const pictures = await readMaskedPictures(images, masks, onRead);
  const colours = [...new Set(pictures.flatMap((picture) => [...new Set(picture.colours)]))];
  const found = colours.sort((a, b) => a - b).map(colourName);
  const classes = known ?? found;
  requireKnown(found, classes, masks);
  const places = new Map(classes.map((name, label) => [Number.parseInt(name.slice(1), 16), label]));
  const channels = pictures.every(({ pixels }) => isGrey(pixels)) ? 1 : 3;
  return {
    ...{ classes, channels, axes: 2, spacing: [1, 1] },
    cases: pictures.map((picture) => ({
      ...pictureCase(picture, channels),
      labels: Uint8Array.from(picture.colours, (colour) => places.get(colour) as number),
    })),
  };
}

function isGrey(pixels: Uint8Array): boolean {
  for (let i = 0; i < pixels.length; i += 3) {
    if (pixels[i] !== pixels[i + 1] || pixels[i] !== pixels[i + 2]) return false;
  }
  return true;
}

/** A picture without classes; of a grey one in colour, one of its equal channels is taken. */
function pictureCase(
  { name, pixels, height, width }: Omit<MaskedPicture, "colours">,
  channels: number,
): SegmentationCase {
  const places = height * width;
  const own = pixels.length / places;
  const values = new Float32Array(channels * places);
  for (let place = 0; place < places; place++) {
    for (let channel = 0; channel < channels; channel++) {
      values[channel * places + place] = pixels[place * own + channel] as number;
    }
  }
  const standard = standardized(values, channels);
  return { name, values: standard, labels: new Uint8Array(0), channels, size: [1, height, width] };
}

async function readMaskedVolumes(
  images: string,
  masks: string,
  { known }: ReadOptions,
): Promise<MaskedCases> {
  const { volumes, classes: values } = await readVolumes(images, masks);
  const found = values.map(String);
  const classes = known ?? found;
  if (classes.length < 2 || classes.length > MOST_CLASSES) {
    throw new UsageError(
      `the masks in "${masks}" hold ${classes.length} different values, and every value is a class: use from 2 to ${MOST_CLASSES}.`,
    );
  }
  requireKnown(found, classes, masks);
  const places = new Map(classes.map((name, label) => [Number(name), label]));
  const spacing = [0, 1, 2].map((axis) => {
    const all = volumes.map(({ image }) => image.spacing[axis] as number).sort((a, b) => a - b);
    return all[Math.floor(all.length / 2)] as number;
  });
  return {
    ...{ classes, channels: 1, axes: 3, spacing },
    cases: volumes.map(({ name, image, mask }) => ({
      ...volumeCase(name, image),
      labels: Uint8Array.from(mask.values, (value) => places.get(value) as number),
    })),
  };
}

/**
 * A volume without classes.
 *
 * @throws UsageError when it holds several volumes.
 */
export function volumeCase(name: string, { shape, values }: Volume): SegmentationCase {
  const [depth, height, width] = shape as readonly [number, number, number];
  if (shape.length > 3) {
    throw new UsageError(`${name} holds ${shape[0]} volumes: write each into a file of its own.`);
  }
  const standard = standardized(values, 1);
  const size = [depth, height, width] as const;
  return { name, values: standard, labels: new Uint8Array(0), channels: 1, size };
}

function requireKnown(found: readonly string[], classes: readonly string[], folder: string): void {
  const other = found.filter((name) => !classes.includes(name));
  if (other.length === 0) return;
  throw new UsageError(
    `the masks in "${folder}" hold ${other.slice(0, 5).join(", ")}, and the run knows ${classes.slice(0, 8).join(", ")}${classes.length > 8 ? ", ..." : ""} alone: correct them.`,
  );
}

/** A picture or a volume to say the classes of. */
export interface OpenedCase {
  readonly given: SegmentationCase;
  /** Of a volume: the bytes of its file. */
  readonly bytes?: Uint8Array;
}

/** The pictures or volumes at a path, one after the other. */
export async function* openCases(path: string, channels: number): AsyncGenerator<OpenedCase> {
  const found = statSync(path, { throwIfNoEntry: false });
  const volumes = !found?.isDirectory()
    ? [path].filter(isVolume)
    : readdirSync(path, { recursive: true, encoding: "utf8" })
        .filter(isVolume)
        .sort()
        .map((name) => join(path, name));
  if (found && volumes.length > 0) {
    for (const file of volumes) {
      const { volume, bytes } = await readVolume(file);
      yield { given: volumeCase(stemOf(file), volume), bytes };
    }
    return;
  }
  for (const file of picturesAt(path)) {
    const { height, width } = await measureImage(file);
    const pixels = await readImage(file, { height, width, channels });
    yield { given: pictureCase({ name: stemOf(file), pixels, height, width }, channels) };
  }
}

function stemOf(file: string): string {
  return basename(file).replace(/(\.nii)?\.[^.]+$/i, "");
}
