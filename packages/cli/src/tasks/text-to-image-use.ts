import { readFile } from "node:fs/promises";
import { readCaptionedPictures } from "@quire/data/files";
import {
  bootstrapInterval,
  type EncodedPictures,
  encodeCaptions,
  type TextToImageSystem,
} from "@quire/papers";
import { drawingOptions, writeDrawings } from "../drawings.ts";
import { UsageError } from "../errors.ts";
import { text, withDefault } from "../option.ts";
import type { EvaluateSpec, Evaluation, PredictSpec } from "./task.ts";

const options = {
  ...drawingOptions,
  out: withDefault(text("FOLDER", "Folder of the pictures"), "drawings"),
};

/** Draws each line of a text. */
export const predictDrawings: PredictSpec<TextToImageSystem, typeof options> = {
  data: { value: "TEXT", summary: "A text file of captions, one a line" },
  options,
  examples: [
    "quire predict runs/pixart-alpha-1 --data captions.txt --out drawings",
    'quire sample pixart-alpha-1 --prompt "a red circle"',
  ],
  run: async (system, path, values, { console, seed }) => {
    const prompts = (await captionsIn(path)).filter((line) => line.trim() !== "");
    if (prompts.length === 0) {
      throw new UsageError(`"${path}" holds no caption: write one on each line.`);
    }
    await writeDrawings(system, prompts, { ...values, seed }, console);
  },
};

async function captionsIn(path: string): Promise<string[]> {
  const content = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(
      `"${path}" cannot be read (${error.code}): give a text file of captions, one a line.`,
    );
  });
  return content.split(/\r?\n/);
}

/** Measures a system on pictures with captions. */
export const evaluatePictures: EvaluateSpec<TextToImageSystem> = {
  data: {
    value: "FOLDER|TABLE",
    summary: "A folder of pictures, each with a .txt file of its caption, or a table of both",
  },
  run: async (system, path, { console }) => {
    const { height, width, channels, length } = system.description.target;
    const progress = console.progress("reading");
    const pictures = await readCaptionedPictures(path, {
      ...{ size: { height, width }, channels: channels === 1 ? 1 : 3 },
      progress: ({ stage, done, total }) =>
        progress.update((done / total + (stage === "reading" ? 1 : 0)) / 2),
    }).finally(progress.finish);
    const ids = encodeCaptions(system.tokenizer, pictures.captions, length);
    return await pictureEvaluation(system, { pictures, ids, length });
  },
};

/** Measures a system on pictures. */
export async function pictureEvaluation(
  system: TextToImageSystem,
  data: EncodedPictures,
): Promise<Evaluation> {
  const { loss, losses } = await system.evaluate(data);
  const { size } = data.pictures;
  const meanLoss = (places: Uint32Array): number =>
    places.reduce((sum, place) => sum + (losses[place] as number), 0) / size;
  return {
    ...{ count: size, what: "pictures" },
    metrics: [
      {
        ...{ name: "loss", as: "number", better: "lower", value: loss },
        interval: bootstrapInterval(size, meanLoss),
      },
    ],
  };
}
