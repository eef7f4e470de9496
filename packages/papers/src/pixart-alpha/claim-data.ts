import { captionedShapes } from "@quire/data";
import type { Budget } from "../paper.ts";
import { type TextToImageData, textToImageData } from "../tasks/text-to-image-data.ts";
import type { TextToImageRecipe } from "../tasks/text-to-image-target.ts";
import type { PixArtOptions } from "./model.ts";
import { paper } from "./paper.ts";

/** Side of the pictures. */
export const SIDE = 16;

const counts = {
  full: { train: 1600, validation: 256 },
  quick: { train: 128, validation: 32 },
} as const;

/** Pictures of shapes, whose captions name size, colour, shape and background. */
export function shapesData(budget: Budget): TextToImageData {
  const { train, validation } = counts[budget];
  const count = train + validation;
  const { pictures } = captionedShapes({ size: SIDE, count, seed: 1 });
  return textToImageData(pictures, { validation: validation / count, vocabulary: 320, seed: 1 });
}

/// Patches of 4 leave 16 places of a picture of 16 pixels, so that many steps fit into minutes. Six blocks, so that the
/// layers which adaLN-single saves weigh as much as in the published sizes.
/** A small PixArt-α over pixels. */
export const small: PixArtOptions = {
  ...{ width: 48, depth: 6, heads: 4, patch: 4, modulation: "single" },
  text: { width: 32, depth: 1, heads: 4 },
  latents: "pixels",
};

/** The same for every system: the paper's recipe without a prior and an autoencoder, shorter. */
export const recipe: TextToImageRecipe = {
  ...paper.recipe,
  ...{ epochs: 4, batchSize: 32, learningRate: 3e-3, warmUp: 1 },
  ...{ autoencoderEpochs: 0, priorEpochs: 0, average: 0.98 },
};
