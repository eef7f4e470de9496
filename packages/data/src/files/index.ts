/** What reads and writes files, in Node. */

export { type BrainAtlas, brainAtlas } from "./brain-atlas.ts";
export { brownCorpus, brownWordClasses } from "./brown.ts";
export { type CaptionColumns, readCaptionedPictures } from "./captioned-folder.ts";
export { type City, cities } from "./cities.ts";
export { chicagoRiders, irishWind } from "./daily-series.ts";
export { measureImage, readImage, type SeenSize } from "./decode.ts";
export { type EmojiPictures, emojiPictures } from "./emoji.ts";
export type { ImageFolderOptions, ReadProgress } from "./image-files.ts";
export { imageFolder } from "./image-folder.ts";
export { mnist } from "./mnist.ts";
export { type OrganismName, organismNames } from "./organism-names.ts";
export { readRPackage } from "./r-package.ts";
export { mdiIcons, mdiSvg, readIconSet } from "./read-icon-set.ts";
export {
  colourName,
  type ImageMaskOptions,
  type MaskedPicture,
  readImageMasks,
  readMaskedPictures,
  type SegmentationData,
} from "./read-masks.ts";
export { readTable } from "./read-table.ts";
export {
  readConll,
  readIcons,
  readSequences,
  readSquad,
  readTextCorpus,
  readVolume,
  readVolumes,
} from "./read-tasks.ts";
export { readTokenizer, writeTokenizer } from "./read-tokenizer.ts";
export { svgPixels } from "./svg-pixels.ts";
