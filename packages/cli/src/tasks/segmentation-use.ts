import { join } from "node:path";
import { niftiLike } from "@quire/data";
import {
  bootstrapInterval,
  meanBorderDistance,
  meanDice,
  overlay,
  type SegmentationCase,
  type SegmentationPrediction,
  type Segmenter,
} from "@quire/papers";
import type { Overlap } from "@quire/train";
import { makeFolder, writeWhole } from "../files.ts";
import { count, percent } from "../numbers.ts";
import { type Option, text } from "../option.ts";
import { table } from "../table.ts";
import { type OpenedCase, openCases, readMasked } from "./segmentation-files.ts";
import type { EvaluateSpec, Evaluation, PredictSpec } from "./task.ts";

/** What a user may say of predicting. */
export type PredictSegmentationOptions = { readonly out: Option<string | undefined> };

/** Classes that a line shows at most. */
const SHOWN = 4;

/** Says the class of each place of pictures or volumes, and writes masks and overlays. */
export const predictSegmentation: PredictSpec<Segmenter, PredictSegmentationOptions> = {
  data: {
    value: "PATH",
    summary: "A picture or a NIfTI volume, or a folder of them, as the run was trained on",
  },
  options: {
    out: text("FOLDER", "Where masks and overlays are written; the run's predictions unless said"),
  },
  examples: [
    "quire predict xlstm-unet-1 --data picture.png",
    "quire predict xlstm-unet-1 --data scans --out masks",
  ],
  run: async (segmenter, path, { out }, { console, folder }) => {
    const into = out ?? join(folder, "predictions");
    const { classes, target } = segmenter.description;
    const rows: string[][] = [];
    const results: object[] = [];
    for await (const opened of openCases(path, target.channels)) {
      const [prediction] = await segmenter.predict([opened.given]);
      const { labels, probabilities } = prediction as SegmentationPrediction;
      await makeFolder(into);
      const mask = await writeMask(into, opened, { labels, classes });
      const picture = join(into, `${opened.given.name}-overlay.png`);
      await writeWhole(picture, await overlayPng(opened.given, labels));
      const shares = sharesOf(labels, classes);
      const sure = probabilities.reduce((sum, one) => sum + one, 0) / probabilities.length;
      rows.push([opened.given.name, sharesText(shares), percent(sure)]);
      results.push({ name: opened.given.name, mask, overlay: picture, shares, certainty: sure });
    }
    const titles = ["", "classes", "mean probability"].map((title) => ({ title }));
    console.print(`${table(titles, rows)}\nMasks and overlays are in ${into}`);
    console.result({ folder: into, predictions: results });
  },
};

async function writeMask(
  folder: string,
  { given, bytes }: OpenedCase,
  { labels, classes }: { readonly labels: Uint8Array; readonly classes: readonly string[] },
): Promise<string> {
  if (bytes) {
    const values = Int16Array.from(labels, (label) => Number(classes[label]));
    const path = join(folder, `${given.name}-mask.nii.gz`);
    await writeWhole(path, await niftiLike(bytes, values));
    return path;
  }
  const [, height, width] = given.size;
  const colours = classes.map((name) => Number.parseInt(name.slice(1), 16));
  const pixels = new Uint8Array(labels.length * 3);
  for (const [place, label] of labels.entries()) {
    const colour = colours[label] as number;
    pixels.set([colour >> 16, (colour >> 8) & 255, colour & 255], 3 * place);
  }
  const path = join(folder, `${given.name}-mask.png`);
  await writeWhole(path, await pngOf(pixels, { width, height, channels: 3 }));
  return path;
}

interface Raw {
  readonly width: number;
  readonly height: number;
  readonly channels: 3 | 4;
}

async function pngOf(pixels: Uint8Array, raw: Raw): Promise<Uint8Array> {
  // Loaded only here: it takes longer than most commands.
  const { default: sharp } = await import("sharp");
  return await sharp(pixels, { raw }).png().toBuffer();
}

/** Slices of a volume that an overlay shows. */
const SLICES = 6;

/** A picture with what is said painted over it; of a volume some slices side by side. */
export async function overlayPng(
  given: SegmentationCase,
  labels: ArrayLike<number>,
): Promise<Uint8Array> {
  const [depth, height, width] = given.size;
  const shown = Math.min(SLICES, depth);
  const scale = Math.max(1, Math.round(192 / Math.max(height, width)));
  const slices = Array.from({ length: shown }, (_, i) => Math.floor(((i + 0.5) * depth) / shown));
  const parts = slices.map((slice) => overlay(given, labels, { slice, scale }));
  const row = width * scale * 4;
  const pixels = new Uint8Array(parts.length * row * height * scale);
  for (const [place, { bytes }] of parts.entries()) {
    for (let y = 0; y < height * scale; y++) {
      pixels.set(bytes.subarray(y * row, (y + 1) * row), (y * parts.length + place) * row);
    }
  }
  const raw = { width: parts.length * width * scale, height: height * scale, channels: 4 } as const;
  return await pngOf(pixels, raw);
}

function sharesOf(labels: Uint8Array, classes: readonly string[]): Record<string, number> {
  const counts = classes.map(() => 0);
  for (const label of labels) counts[label] = (counts[label] as number) + 1;
  return Object.fromEntries(
    classes.map((name, label) => [name, (counts[label] as number) / labels.length]),
  );
}

function sharesText(shares: Readonly<Record<string, number>>): string {
  const found = Object.entries(shares)
    .filter(([, share]) => share > 0)
    .sort(([, a], [, b]) => b - a);
  const texts = found.slice(0, SHOWN).map(([name, share]) => `${name} ${percent(share)}`);
  const more = found.length > SHOWN ? `, ${count(found.length - SHOWN)} more` : "";
  return texts.join(", ") + more;
}

/** Measures a segmenter on pictures or volumes whose masks are known. */
export const evaluateSegmentation: EvaluateSpec<Segmenter> = {
  data: {
    value: "FOLDER",
    summary: "A folder of pictures or volumes, images, and one of their masks, masks",
  },
  run: async (segmenter, path, { seed }) => {
    const { cases } = await readMasked(path, { known: segmenter.description.classes });
    return await segmentationEvaluation(segmenter, cases, seed);
  },
};

/** Measures a segmenter on cases, with intervals over cases drawn again. */
export async function segmentationEvaluation(
  segmenter: Segmenter,
  cases: readonly SegmentationCase[],
  seed: number,
): Promise<Evaluation> {
  const { classes, target } = segmenter.description;
  const { dice, iou, overlaps, predictions } = await segmenter.evaluate(cases);
  const drawn = (places: Uint32Array): Overlap[] =>
    Array.from(places, (place) => overlaps[place] as Overlap);
  const distance = meanBorderDistance(cases, predictions, {
    ...{ classes: classes.length, spacing: target.spacing },
  });
  const interval = bootstrapInterval(cases.length, (places) => meanDice(drawn(places)), { seed });
  return {
    ...{ count: cases.length, what: target.patch.length === 2 ? "pictures" : "volumes" },
    metrics: [
      { ...{ name: "dice", as: "share", better: "higher", value: dice }, interval },
      { name: "iou", as: "share", better: "higher", value: iou },
      { name: "borderDistance95", as: "number", better: "lower", value: distance },
    ],
  };
}
