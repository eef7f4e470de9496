/** Icons: a few words in, vector drawings out. */
export { type IconBatch, type IconVariety, iconBatches } from "./icon-batches.ts";
export { type CaptionCoding, knownWords } from "./icon-captions.ts";
export {
  type ComparedIconDrawer,
  compareIconDrawers,
  type IconComparison,
} from "./icon-comparison.ts";
export {
  CUT_TOKENS,
  cutOut,
  type IconDataOptions,
  type IconExample,
  type IconLearningData,
  iconExamples,
  iconLearningData,
  putBack,
} from "./icon-data.ts";
export {
  type BegunIcon,
  type DrawnIcon,
  type IconCut,
  IconDrawer,
  type IconDrawOptions,
  type IconEvaluation,
} from "./icon-system.ts";
export type {
  BuildIconNetwork,
  IconInputs,
  IconLabels,
  IconModelDescription,
  IconNetwork,
  IconPaper,
  IconRecipe,
  IconTarget,
} from "./icon-target.ts";
export {
  describeIconModel,
  type IconTrainingOptions,
  iconMetrics,
  iconPresetFor,
  iconRecipeFor,
  planIconTraining,
  trainIconDrawer,
} from "./icon-training.ts";
