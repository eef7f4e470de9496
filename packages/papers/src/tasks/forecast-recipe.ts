import type { Recipe } from "../recipe.ts";

/** Windows that a training on a user's own data sees in all, unless a bound says otherwise. */
const SEEN = 60_000;
const FEWEST_EPOCHS = 3;
const MOST_EPOCHS = 60;

/** A paper's recipe cut to a data set: as many epochs as show the model about 60,000 windows, 3 to 60. */
export function forecastRecipeFor(recipe: Recipe, windows: number): Recipe {
  const tenth = 2 ** Math.floor(Math.log2(Math.max(8, windows / 10)));
  const wanted = Math.round(SEEN / windows);
  return {
    ...recipe,
    batchSize: Math.min(recipe.batchSize, tenth),
    epochs: Math.min(MOST_EPOCHS, Math.max(FEWEST_EPOCHS, wanted)),
  };
}
