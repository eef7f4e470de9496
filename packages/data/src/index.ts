/** Data sets of images, seeded batches and augmentation, and the readers that fill them. */
export {
  type Augmentation,
  compose,
  oneOf,
  type Sample,
} from "./augment/augmentation.ts";
export { brightness, contrast } from "./augment/colour.ts";
export { cutout, randomErasing } from "./augment/erase.ts";
export { horizontalFlip, randomCrop, rotate, shift } from "./augment/geometry.ts";
export { cutmix, mixup } from "./augment/mix.ts";
export { randAugment } from "./augment/rand-augment.ts";
export { type Batch, type BatchOptions, batchCount, batches } from "./batches.ts";
export { type ChannelStatistics, Dataset, type DatasetContent } from "./dataset.ts";
export { DataError } from "./errors.ts";
export { readImage, type SeenSize } from "./files/decode.ts";
export { type ImageFolderOptions, imageFolder, type ReadProgress } from "./files/image-folder.ts";
export { mnist } from "./files/mnist.ts";
export { type IdxContent, parseIdx } from "./idx.ts";
export { type ImageSize, imageTensor } from "./image-tensor.ts";
export { shapes } from "./shapes.ts";
