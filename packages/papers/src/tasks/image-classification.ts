/** Image classification: folders of pictures in, a class and its probability out. */
export {
  ImageClassifier,
  type ImageEvaluation,
  type ImagePrediction,
} from "./image-classifier.ts";
export {
  type ComparedSystem,
  compareImageClassifiers,
  describeImageModel,
  type ImageComparison,
} from "./image-comparison.ts";
export { presetFor, recipeFor } from "./image-recipe.ts";
export type {
  BuildImageClassifier,
  ImageAugmentation,
  ImageClassificationPaper,
  ImageModelDescription,
  ImageRecipe,
  ImageTarget,
} from "./image-target.ts";
export {
  type ImageTraining,
  type ImageTrainingOptions,
  imageMetrics,
  planImageTraining,
  trainImageClassifier,
} from "./image-training.ts";
