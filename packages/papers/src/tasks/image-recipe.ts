import type { Preset } from "../paper.ts";
import type { ImageRecipe } from "./image-target.ts";

/** Images that a training on a user's own data sees in all, unless the paper's recipe or a bound says less. */
const SEEN = 30_000;
const FEWEST_EPOCHS = 5;
const MOST_EPOCHS = 100;
const SMALLEST_BATCH = 8;

/**
 * A paper's recipe cut to a data set: batches of a power of two, at most a tenth of the images and the paper's
 * size, and as many epochs as show the model about 30,000 images (5 to 100, and no more than the paper's).
 */
export function recipeFor(recipe: ImageRecipe, images: number): ImageRecipe {
  const tenth = 2 ** Math.floor(Math.log2(Math.max(1, images / 10)));
  const batchSize = Math.min(recipe.batchSize, Math.max(SMALLEST_BATCH, tenth));
  const wanted = Math.round(SEEN / images);
  const epochs = Math.min(recipe.epochs, MOST_EPOCHS, Math.max(FEWEST_EPOCHS, wanted));
  return { ...recipe, batchSize, epochs };
}

/** The name of the preset that a paper takes for images of a size: the one made for it, else the first. */
export function presetFor(
  presets: Readonly<Record<string, Preset>>,
  { height, width }: { readonly height: number; readonly width: number },
): string {
  const side = Math.max(height, width);
  const made = Object.entries(presets).find(([, { defaultFor }]) => {
    return defaultFor !== undefined && side >= defaultFor[0] && side <= defaultFor[1];
  });
  return made?.[0] ?? Object.keys(presets)[0] ?? "";
}
