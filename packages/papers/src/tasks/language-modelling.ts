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
export type {
  BuildLanguageModel,
  LanguageModelDescription,
  LanguageNetwork,
  LanguagePaper,
  LanguageRecipe,
  LanguageTarget,
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
