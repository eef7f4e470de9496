/** Linkage: tables whose records are written differently are joined; records are grouped and classified. */
export { groupBatchCount, groupBatches, membersOf } from "./linkage-batches.ts";
export {
  type ExampleColumns,
  type LinkageExamples,
  linkageExamples,
  pairLabels,
  recordsOf,
} from "./linkage-examples.ts";
export {
  type GroupingOptions,
  groupVectors,
  type Link,
  type LinkKind,
  type LinkOptions,
  linkKinds,
  linkVectors,
} from "./linkage-join.ts";
export {
  type BuildTextEncoder,
  type LinkageModelDescription,
  type LinkagePaper,
  type LinkageRecipe,
  type LinkageTarget,
  linkageLosses,
  type TextEncoder,
} from "./linkage-target.ts";
export {
  classAccuracy,
  evaluateLinking,
  type LinkageBatch,
  type LinkageTraining,
  type LinkageTrainingOptions,
  linkageMetrics,
  planLinkageTraining,
  trainLinker,
} from "./linkage-training.ts";
export { type EncodingOptions, Linker, type RecordClass } from "./linker.ts";
export { plain, RecordTokenizer, trainRecordTokenizer } from "./record-tokenizer.ts";
