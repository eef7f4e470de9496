/** Transformer papers that run, one folder a paper: the contract they follow, and their tasks. */
export {
  type Comparison,
  type Contestant,
  compare,
  type Turn,
  type TurnHooks,
} from "./comparison.ts";
export type { Control, Demonstration, DemonstrationGiven, Frame } from "./demonstration.ts";
export type {
  Axis,
  Drawing,
  Figure,
  HeatMap,
  LineSeries,
  Lines,
  Pixels,
  Words,
} from "./figure.ts";
export {
  type BatchProgress,
  type Followed,
  type FollowOptions,
  followPlan,
} from "./follow-plan.ts";
export type {
  Budget,
  Build,
  Claim,
  Curve,
  CurvePoint,
  Deviation,
  Experiment,
  ExperimentContext,
  ExperimentProgress,
  ExperimentResult,
  ModelDescription,
  Paper,
  Preset,
  Row,
  ShownMetric,
  TaskName,
  Verdict,
} from "./paper.ts";
export { extraSettings, type Recipe, recipeSettings, type TrainingExtras } from "./recipe.ts";
export type { Setting, SettingTable, SettingValue } from "./setting.ts";
export {
  bootstrapInterval,
  type Difference,
  differenceOf,
  exceeds,
  exceedsRule,
  meanOf,
  shareInterval,
  spreadOf,
} from "./statistics.ts";
export type { ExportedFunction, System } from "./system.ts";
export {
  type BuildImageClassifier,
  type ComparedSystem,
  compareImageClassifiers,
  describeImageModel,
  type ImageAugmentation,
  type ImageClassificationPaper,
  ImageClassifier,
  type ImageComparison,
  type ImageEvaluation,
  type ImageModelDescription,
  type ImagePrediction,
  type ImageRecipe,
  type ImageTarget,
  type ImageTraining,
  type ImageTrainingOptions,
  imageMetrics,
  planImageTraining,
  presetFor,
  recipeFor,
  trainImageClassifier,
} from "./tasks/image-classification.ts";
export {
  evenBatches,
  type PlanOptions,
  planTraining,
  type TrainingPlan,
} from "./training-plan.ts";
