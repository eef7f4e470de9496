/** What reads and writes files, in Node. */

export { brownCorpus, brownWordClasses } from "./brown.ts";
export { type CaptionColumns, readCaptionedPictures } from "./captioned-folder.ts";
export { type City, cities } from "./cities.ts";
export { chicagoRiders, irishWind } from "./daily-series.ts";
export { readImage, type SeenSize } from "./decode.ts";
export { type EmojiPictures, emojiPictures } from "./emoji.ts";
export type { ImageFolderOptions, ReadProgress } from "./image-files.ts";
export { imageFolder } from "./image-folder.ts";
export { mnist } from "./mnist.ts";
export { type OrganismName, organismNames } from "./organism-names.ts";
export { readRPackage } from "./r-package.ts";
export { mdiIcons, mdiSvg, readIconSet } from "./read-icon-set.ts";
export {
  type ImageMaskOptions,
  readImageMasks,
  type SegmentationData,
} from "./read-masks.ts";
export { readTable } from "./read-table.ts";
export {
  readConll,
  readIcons,
  readSequences,
  readSquad,
  readTextCorpus,
  readVolumes,
} from "./read-tasks.ts";
export { readTokenizer, writeTokenizer } from "./read-tokenizer.ts";
export { svgPixels } from "./svg-pixels.ts";
