/** Labelling sequences: tokens in, a label for each of them or for all of them out. */
export {
  type ComparedLabeller,
  labellerContestants,
  type SequenceComparison,
} from "./sequence-comparison.ts";
export {
  type CodingOptions,
  type EncodedSequences,
  encodeSequences,
  encodeTokens,
  marks,
  partSequences,
  roomOf,
  type SequenceCoding,
  type SequenceData,
  sequenceCoding,
} from "./sequence-data.ts";
export {
  type SequenceEvaluation,
  SequenceLabeller,
  type SequencePrediction,
} from "./sequence-system.ts";
export {
  type BuildSequenceNetwork,
  type LearnedProgram,
  PADDING,
  type ProgramRun,
  type ProgramStepSummary,
  type SequenceModelDescription,
  type SequenceNetwork,
  type SequencePaper,
  type SequenceRecipe,
  type SequenceTarget,
} from "./sequence-target.ts";
export {
  describeSequenceModel,
  planSequenceTraining,
  type SequenceBatch,
  type SequenceTrainingOptions,
  sequenceBatches,
  sequenceMetrics,
  sequencePresetFor,
  sequenceRecipeFor,
  trainSequenceLabeller,
} from "./sequence-training.ts";
