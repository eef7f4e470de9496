import type { Preset } from "../paper.ts";
import type { FittedEncoding, TabularEncoding } from "./tabular-encoding.ts";
import type { TabularModelDescription, TabularRecipe, TabularTarget } from "./tabular-target.ts";

/** Rows that a training sees in all, unless the paper's recipe or a bound says less. */
const SEEN = 200_000;
const FEWEST_EPOCHS = 20;
const MOST_EPOCHS = 100;
const SMALLEST_BATCH = 16;
/** Batches an epoch has at least, where there are rows for them. */
const FEWEST_BATCHES = 16;
/** How much faster a training goes than the paper's at most, as its epochs are fewer. */
const FASTEST = 10;
/** Batch sizes by the most features they are taken for, as the official code of ExcelFormer chooses them. */
const batchSizes = [
  [32, 512],
  [100, 128],
  [1000, 32],
  [Number.POSITIVE_INFINITY, 16],
] as const;

/**
 * A paper's recipe cut to a table: batches by the number of features and at most a sixteenth of the rows, as many epochs as
 * show the model about 200,000 rows (20 to 100), and a rate that is up to ten times the paper's as the epochs are fewer.
 */
export function tabularRecipeFor(
  recipe: TabularRecipe,
  { rows, features }: { readonly rows: number; readonly features: number },
): TabularRecipe {
  const largest = batchSizes.find(([most]) => features <= most)?.[1] ?? SMALLEST_BATCH;
  const part = 2 ** Math.floor(Math.log2(Math.max(1, rows / FEWEST_BATCHES)));
  const batchSize = Math.min(largest, Math.max(SMALLEST_BATCH, part));
  const wanted = Math.round(SEEN / rows);
  const epochs = Math.min(recipe.epochs, MOST_EPOCHS, Math.max(FEWEST_EPOCHS, wanted));
  const learningRate = recipe.learningRate * Math.min(FASTEST, (2 * recipe.epochs) / epochs);
  return { ...recipe, batchSize, epochs, learningRate };
}

/** The name of the preset that a paper takes for rows of so many features: the one made for them, else the first. */
export function tabularPresetFor(
  presets: Readonly<Record<string, Preset>>,
  features: number,
): string {
  const made = Object.entries(presets).find(([, { defaultFor }]) => {
    return defaultFor !== undefined && features >= defaultFor[0] && features <= defaultFor[1];
  });
  return made?.[0] ?? Object.keys(presets)[0] ?? "";
}

/** What an encoding's rows are, and how many values their target takes. */
export function tabularTarget({ order, target }: TabularEncoding): TabularTarget {
  const isMany = target.predict === "class" && target.classes.length > 2;
  return { features: order.length, outputs: isMany ? target.classes.length : 1 };
}

/** Describes the tabular system that an encoding asks for. */
export function describeTabularModel(given: {
  readonly paper: string;
  readonly preset?: string;
  readonly options: object;
  readonly encoding: FittedEncoding["encoding"];
}): TabularModelDescription {
  return { task: "tabular-prediction", ...given, target: tabularTarget(given.encoding) };
}
