/** Tabular prediction: a table in, a class with its probability or a number out. */
export { type TabularBatch, tabularBatches } from "./tabular-batches.ts";
export {
  type CategoryEncoding,
  type ColumnEncoding,
  type EncodedTarget,
  type FittedEncoding,
  fitTabularEncoding,
  type NumberEncoding,
  type TabularEncoding,
  type TabularRows,
} from "./tabular-encoding.ts";
export {
  likeliest,
  type TabularPredictions,
  tabularMetrics,
  tabularScores,
} from "./tabular-metrics.ts";
export { TabularPredictor } from "./tabular-predictor.ts";
export {
  describeTabularModel,
  tabularPresetFor,
  tabularRecipeFor,
  tabularTarget,
} from "./tabular-recipe.ts";
export { encodedKinds, encodeFeatures, encodeTable, requireColumns } from "./tabular-rows.ts";
export type {
  BuildTabularModel,
  HiddenMix,
  Mixing,
  TabularModel,
  TabularModelDescription,
  TabularPaper,
  TabularRecipe,
  TabularTarget,
} from "./tabular-target.ts";
export {
  planTabularTraining,
  type TabularTrainingOptions,
  trainTabular,
} from "./tabular-training.ts";
