import { captionedShapes } from "@quire/data";
import { type TextToImageData, textToImageData } from "../tasks/text-to-image-data.ts";
import type { TextToImageRecipe } from "../tasks/text-to-image-target.ts";
import type { PixArtOptions } from "./model.ts";
import { paper } from "./paper.ts";

/** Side of the pictures of shapes. */
export const SIDE = 16;

/** Pictures of shapes, whose captions name size, colour, shape and background. */
export function shapesData(train: number, validation: number, seed = 1): TextToImageData {
  const count = train + validation;
  const { pictures } = captionedShapes({ size: SIDE, count, seed });
  return textToImageData(pictures, { validation: validation / count, vocabulary: 320, seed });
}

/** A small PixArt-α over pixels. */
export const small: PixArtOptions = {
  ...{ width: 64, depth: 4, heads: 4, patch: 2, modulation: "single" },
  text: { width: 48, depth: 1, heads: 4 },
  latents: "pixels",
};

/** The same for every system: the paper's recipe without a prior and an autoencoder, shorter. */
export const recipe: TextToImageRecipe = {
  ...paper.recipe,
  ...{ epochs: 10, batchSize: 32, learningRate: 2e-3, warmUp: 1 },
  ...{ autoencoderEpochs: 0, priorEpochs: 0, average: 0.99 },
};
