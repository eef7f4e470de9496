/** Data sets, tables and tokenizers, seeded batches and augmentation, all of it also for a browser. */
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
export { type CaptionedContent, CaptionedPictures } from "./captioned-pictures.ts";
export {
  type BackgroundColour,
  backgroundColours,
  captionedShapes,
  type ShapeColour,
  type ShapeScene,
  sceneCaption,
  shapeColours,
  shapeScenes,
} from "./captioned-shapes.ts";
export { type ChannelStatistics, Dataset, type DatasetContent } from "./dataset.ts";
export { informationOnClass, informationOnNumber } from "./encode/mutual-information.ts";
export { fitNormalScores, type NormalScores, normalScore } from "./encode/normal-scores.ts";
export {
  fitTargetStatistics,
  orderedTargetStatistics,
  type TargetStatistics,
} from "./encode/target-statistics.ts";
export {
  type BoxSpace,
  type DiscreteSpace,
  type EnvironmentPicture,
  type EnvironmentState,
  observationSize,
  type SideBySide,
  type Transitions,
  type VectorEnvironment,
} from "./environments/environment.ts";
export {
  type EnvironmentName,
  type EnvironmentOption,
  type EnvironmentOptions,
  environmentFacts,
  environmentNames,
  environments,
} from "./environments/named.ts";
export {
  type Environment,
  type MakeEnvironment,
  OwnEnvironments,
  type Step,
} from "./environments/own.ts";
export { DataError } from "./errors.ts";
export {
  type CaptionedIcon,
  type CaptionedIcons,
  captionedIcons,
  captionWords,
} from "./icons/captioned.ts";
export {
  endOf,
  type GridIcon,
  type GridPoint,
  gridIcon,
  type Loop,
  type Segment,
} from "./icons/grid-icon.ts";
export {
  ICON_MARKS,
  IconCoding,
  iconMarks,
  type PointScheme,
  type ReadIcon,
} from "./icons/icon-coding.ts";
export { type GrammarOptions, grammarTokens } from "./icons/icon-grammar.ts";
export { iconSheet, iconSvg, type SheetItem, type SheetOptions } from "./icons/icon-svg.ts";
export {
  iconPlaces,
  iconShapes,
  iconSizes,
  type ShapeIconOptions,
  shapeIcons,
} from "./icons/shape-icons.ts";
export { type IdxContent, parseIdx } from "./idx.ts";
export { type ImageSize, imageTensor } from "./image-tensor.ts";
export { NgramIndex, type NgramMatch, type NgramOptions } from "./ngram-index.ts";
export { type RaspOptions, type RaspTask, rasp, raspForm, raspTasks } from "./rasp.ts";
export { type Shape, shapeNames, shapes } from "./shapes.ts";
export {
  groupSplit,
  randomSplit,
  type Split,
  type SplitOptions,
  stratifiedSplit,
  timeSplit,
} from "./split.ts";
export { parseArrow } from "./tables/arrow.ts";
export {
  type CategoryColumn,
  type Column,
  type ColumnKind,
  columnKinds,
  dateText,
  type NumericColumn,
  type TextColumn,
} from "./tables/column.ts";
export type { DateOrder } from "./tables/date-text.ts";
export { type DelimitedOptions, parseDelimited } from "./tables/delimited.ts";
export { delimitedText, type WrittenValue } from "./tables/delimited-text.ts";
export { type ColumnDescription, describe, type TableDescription } from "./tables/describe.ts";
export type { Kinds } from "./tables/header.ts";
export { parseJsonLines, parseJsonTable } from "./tables/json-lines.ts";
export type { DecimalMark } from "./tables/number-text.ts";
export { parseParquet } from "./tables/parquet.ts";
export { parseTable, type TableOptions } from "./tables/parse-table.ts";
export { Table, type TableContent } from "./tables/table.ts";
export type { TypedTableOptions } from "./tables/typed-table.ts";
export { parseXlsx, type XlsxOptions } from "./tables/xlsx.ts";
export {
  type ConllOptions,
  parseConll,
  type TaggedSentence,
  type TokenClassificationData,
} from "./tasks/conll.ts";
export {
  type ForecastBatch,
  ForecastWindows,
  type ScaledSeries,
  type WindowBatchOptions,
  type WindowSizes,
  windowBatches,
} from "./tasks/forecast-windows.ts";
export {
  type ForecastingData,
  type ForecastingOptions,
  forecasting,
  type Series,
  type SeriesAhead,
} from "./tasks/forecasting.ts";
export { type Icon, type IconData, iconData, type PathCommand, parseSvg } from "./tasks/icon.ts";
export {
  type LabelledSequence,
  type LabelledSequenceData,
  labelledSequences,
  type SequenceColumns,
  type SequenceKind,
  sequenceData,
  taggedSequences,
} from "./tasks/labelled-sequences.ts";
export {
  type NamedSequence,
  parseFasta,
  parseSmiles,
  type SequenceData,
} from "./tasks/sequences.ts";
export {
  type Answer,
  parseSquad,
  type Question,
  type QuestionAnsweringData,
} from "./tasks/squad.ts";
export {
  type CategoryFeature,
  type NumberTarget,
  type TabularData,
  type TabularOptions,
  tabular,
} from "./tasks/tabular.ts";
export type { Labels } from "./tasks/task-columns.ts";
export { type NamedText, type TextCorpus, textCorpus } from "./tasks/text-corpus.ts";
export {
  type LinkageData,
  type LinkageRecord,
  linkage,
  type TextClassificationData,
  type TextPairsData,
  textClassification,
  textPairs,
} from "./tasks/texts.ts";
export {
  CALENDAR_FIELDS,
  calendarOf,
  seasonOf,
  type TimeUnit,
  timesAfter,
  unitOf,
  usualStep,
} from "./tasks/time-axis.ts";
export type { TimeStep } from "./tasks/time-step.ts";
export {
  niftiLike,
  parseNifti,
  type Volume,
  type VolumePair,
  type VolumeSegmentationData,
  volumeSegmentation,
} from "./tasks/volume.ts";
export { type WordClass, wordClass } from "./tasks/word-class.ts";
export { parseTokenizer, tokenizerOf, tokenizerText } from "./tokenizers/json-tokenizer.ts";
export { byteTokenizer, characterTokenizer } from "./tokenizers/simple.ts";
export type {
  AddedToken,
  EncodeOptions,
  Tokenizer,
  TokenizerJson,
  TokenizerPart,
} from "./tokenizers/tokenizer.ts";
export { trainBpe } from "./tokenizers/train-bpe.ts";
export { trainUnigram } from "./tokenizers/train-unigram.ts";
export { trainWordPiece, type WordPieceOptions } from "./tokenizers/train-word-piece.ts";
export type { TrainingOptions } from "./tokenizers/training-options.ts";
