/** Segmentation: pictures or volumes in, the class of each place out. */
export {
  type ComparedSegmenter,
  compareSegmenters,
  type SegmentationComparison,
} from "./segmentation-comparison.ts";
export {
  partCases,
  placesOf,
  type SegmentationCase,
  type SegmentationData,
  type Size,
  standardized,
} from "./segmentation-data.ts";
export { classColour, overlay, overlayGrid } from "./segmentation-figure.ts";
export { Patches, type SegmentationBatch } from "./segmentation-patches.ts";
export { type PoolingPlan, patchFor, poolingPlan } from "./segmentation-plan.ts";
export type {
  BuildSegmentationNetwork,
  SegmentationAugmentation,
  SegmentationModelDescription,
  SegmentationNetwork,
  SegmentationPaper,
  SegmentationRecipe,
  SegmentationTarget,
} from "./segmentation-target.ts";
export {
  describeSegmentationModel,
  planSegmentationTraining,
  type SegmentationTrainingOptions,
  segmentationMetrics,
  segmentationRecipeFor,
  segmentationTarget,
  trainSegmenter,
} from "./segmentation-training.ts";
export {
  meanBorderDistance,
  meanDice,
  type SegmentationEvaluation,
  type SegmentationPrediction,
  Segmenter,
} from "./segmenter.ts";
