/** Text to image: captions in, pictures out. */

export { pictureGrid } from "./picture-grid.ts";
export {
  type ComparedDrawer,
  compareTextToImage,
  type TextToImageComparison,
} from "./text-to-image-comparison.ts";
export {
  type EncodedPictures,
  encodeCaptions,
  type PictureBatch,
  pictureBatches,
  pictureBytes,
  picturesAt,
  type TextToImageData,
  type TextToImageDataOptions,
  textToImageData,
} from "./text-to-image-data.ts";
export {
  type DrawingStep,
  type DrawOptions,
  type TextToImageEvaluation,
  TextToImageSystem,
} from "./text-to-image-system.ts";
export type {
  BuildTextToImage,
  EncodedCaptions,
  PicturePrior,
  TextToImageDescription,
  TextToImageNetwork,
  TextToImagePaper,
  TextToImageRecipe,
  TextToImageTarget,
} from "./text-to-image-target.ts";
export {
  describeTextToImage,
  planTextToImageTraining,
  type TextToImageTraining,
  type TextToImageTrainingOptions,
  textToImageMetrics,
  textToImagePresetFor,
  textToImageRecipeFor,
  trainTextToImage,
} from "./text-to-image-training.ts";
