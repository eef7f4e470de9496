/** Language modelling: texts in, how likely they are and how they go on out. */
export {
  type ComparedLanguageModel,
  compareLanguageModels,
  type LanguageComparison,
} from "./language-comparison.ts";
export {
  END_OF_TEXT,
  encoded,
  type LanguageData,
  type LanguageDataOptions,
  languageData,
  type TokenizerKind,
  type TokenStream,
} from "./language-data.ts";
export {
  type ContinueOptions,
  type LanguageEvaluation,
  LanguageModelSystem,
  type TextPiece,
} from "./language-model.ts";
export {
  type BuildLanguageModel,
  isMasked,
  type LanguageModelDescription,
  type LanguageNetwork,
  type LanguageObjective,
  type LanguagePaper,
  type LanguageRecipe,
  type LanguageTarget,
  type MaskedLanguageNetwork,
} from "./language-target.ts";
export {
  describeLanguageModel,
  type LanguageTrainingOptions,
  languageMetrics,
  languagePresetFor,
  languageRecipeFor,
  planLanguageTraining,
  trainLanguageModel,
} from "./language-training.ts";
export type { LanguageBatch } from "./language-windows.ts";
export {
  type Filling,
  GAP,
  type MaskedEvaluation,
  MaskedLanguageSystem,
  maskedVocabulary,
} from "./masked-language-model.ts";
export { maskedMetrics, planMaskedTraining } from "./masked-training.ts";
export {
  type MaskedBatch,
  type MaskedWindowOptions,
  maskedBatchAt,
  maskedBatches,
} from "./masked-windows.ts";
