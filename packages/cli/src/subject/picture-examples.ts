import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { type ChannelStatistics, Dataset, imageTensor } from "@quire/data";
import { imageFolder } from "@quire/data/files";
import type { ImportedSystem } from "@quire/papers/imported-system";
import { type HostTensor, hostTensor, QuireError, sizeOf } from "@quire/tensor";
import { type PictureInput, pictureInput } from "@quire/train";
import type { Console } from "../console.ts";
import { UsageError } from "../errors.ts";
import { picturesAt, readPictures } from "../pictures.ts";
import type { Examples } from "./examples.ts";
import type { FileDataOptions } from "./file-data.ts";
import { statisticsOf } from "./normalization.ts";

/**
 * Examples from pictures: those of class folders with their classes, in the order of the folders' names; else all
 * pictures below a folder.
 *
 * @throws UsageError when the model takes no pictures, or those of other classes or another size.
 */
export async function pictureExamples(
  { exported }: ImportedSystem,
  options: FileDataOptions,
  console: Console,
): Promise<Examples> {
  const { path } = options;
  const input = takenBy(exported.inputs, path);
  const size = sizeFor(input, options);
  const isClasses = hasFolders(path);
  const pictures = isClasses
    ? await readClasses(path, input, size, console)
    : await readLoose(path, input, size, console);
  const named = exported.metadata["classes"];
  if (isClasses && named !== undefined) requireClasses(path, pictures.classes, named);
  // A file of ours normalises pictures itself, and says so in its notes.
  const isOwn = exported.metadata["task"] === "image-classification";
  const usual = pictures.channels === 3 ? "imagenet" : "half";
  const way = options.normalize ?? (isOwn ? "unit" : usual);
  const statistics: ChannelStatistics = statisticsOf(way, pictures);
  const values = imageTensor(pictures.images, pictures, statistics);
  const inputs = [input.channelsLast ? channelsLast(values) : values];
  return isClasses ? { inputs, labels: Int32Array.from(pictures.labels) } : { inputs };
}

function takenBy(inputs: ImportedSystem["exported"]["inputs"], path: string): PictureInput {
  const named = Object.entries(inputs).map(([name, { shape, dtype = "float32" }]) => {
    return { name, shape, dtype };
  });
  try {
    return pictureInput({ inputs: named });
  } catch (cause) {
    if (!(cause instanceof QuireError)) throw cause;
    const why = cause.message.replace(/[:.].*$/s, "");
    throw new UsageError(
      `"${path}" can be no examples, since ${why}: give a .safetensors file that holds its inputs by name.`,
      { cause },
    );
  }
}

interface Size {
  readonly height: number;
  readonly width: number;
}

function sizeFor({ height, width }: PictureInput, { size }: FileDataOptions): Size {
  const chosen = { height: height ?? size?.height, width: width ?? size?.width };
  if (size && (chosen.height !== size.height || chosen.width !== size.width)) {
    throw new UsageError(
      `the model takes pictures of ${chosen.height} x ${chosen.width}, not ${size.height} x ${size.width}: leave --size out.`,
    );
  }
  if (chosen.height !== undefined && chosen.width !== undefined) return chosen as Size;
  throw new UsageError("the model takes pictures of any size: say which with --size.");
}

function hasFolders(path: string): boolean {
  if (!statSync(path).isDirectory()) return false;
  return readdirSync(path).some((name) => statSync(join(path, name)).isDirectory());
}

async function readClasses(
  path: string,
  { channels }: PictureInput,
  size: Size,
  console: Console,
): Promise<Dataset> {
  const progress = console.progress("reading");
  return await imageFolder(path, {
    ...{ size, channels },
    progress: ({ stage, done, total }) =>
      progress.update((done / total + (stage === "reading" ? 1 : 0)) / 2, `${total} pictures`),
  }).finally(progress.finish);
}

/** Pictures of no class; they are held as if they were of one. */
async function readLoose(
  path: string,
  { channels }: PictureInput,
  size: Size,
  console: Console,
): Promise<Dataset> {
  const paths = picturesAt(path);
  const progress = console.progress("reading");
  const target = { ...size, channels, classes: 1 };
  const images = await readPictures(paths, target, progress.update).finally(progress.finish);
  const labels = new Int32Array(paths.length);
  return new Dataset({ ...size, channels, images, labels, classes: ["any"] });
}

function requireClasses(path: string, classes: readonly string[], noted: string): void {
  if (JSON.stringify(classes) === noted) return;
  const names = (JSON.parse(noted) as string[]).join(", ");
  throw new UsageError(
    `"${path}" has the classes ${classes.join(", ")}, the model has ${names}: give pictures of its classes.`,
  );
}

/** `[B, C, H, W] -> [B, H, W, C]` */
function channelsLast({ shape, data }: HostTensor<"float32">): HostTensor<"float32"> {
  const [count, channels, height, width] = shape as readonly [number, number, number, number];
  const pixels = height * width;
  const turned = new Float32Array(sizeOf(shape));
  for (let i = 0; i < turned.length; i++) {
    const pixel = Math.floor(i / channels) % pixels;
    const picture = Math.floor(i / (channels * pixels));
    turned[i] = data[(picture * channels + (i % channels)) * pixels + pixel] as number;
  }
  return hostTensor(turned, [count, height, width, channels], "float32");
}
