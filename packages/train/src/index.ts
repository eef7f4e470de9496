/** Losses, optimisers, metrics and the training loop. */

export { Diffusion, type DiffusionOptions, type NoisedValues } from "./diffusion/diffusion.ts";
export { guided, guidedValues } from "./diffusion/guidance.ts";
export { type MixturePart, mixtureDenoise } from "./diffusion/known-mixture.ts";
export {
  type BetaSchedule,
  betasOf,
  NoiseSchedule,
  spacedTimes,
} from "./diffusion/noise-schedule.ts";
export { type Mixing, noiseOf, type Prediction, startOf } from "./diffusion/prediction.ts";
export {
  type Denoise,
  type Denoised,
  type Sampler,
  type SamplingOptions,
  type SamplingStep,
  sample,
  sampling,
} from "./diffusion/sampling.ts";
export { dataParallel } from "./distributed/data-parallel.ts";
export { groupsInOneProcess } from "./distributed/groups-in-one-process.ts";
export type { ProcessGroup } from "./distributed/process-group.ts";
export {
  ImportedClassifier,
  type ImportedClassifierOptions,
} from "./finetune/imported-classifier.ts";
export { type PictureInput, pictureInput } from "./finetune/picture-input.ts";
export type { LanguageModel } from "./generate/decoder.ts";
export { Generator, generate } from "./generate/generator.ts";
export type {
  BeamSearch,
  Generated,
  GenerateOptions,
  Prompts,
  Reason,
  TokenEvent,
} from "./generate/options.ts";
export type { Sampling, TokenFilter } from "./generate/sampling.ts";
export type { StopConditions } from "./generate/stop.ts";
export {
  type BadValue,
  type Divergence,
  DivergenceError,
  type Origin,
} from "./guard/divergence.ts";
export { MemoryError, type StepMemory } from "./guard/memory.ts";
export { EarlyStopping, type EarlyStoppingOptions } from "./loop/early-stopping.ts";
export { type Ema, ema } from "./loop/ema.ts";
export { type Evaluator, evaluator } from "./loop/evaluate.ts";
export type { EpochEvent, Progress, StepEvent, TrainingEvent } from "./loop/events.ts";
export { type AccumulationOptions, accumulated, type GradientPlan } from "./loop/gradient-plan.ts";
export type { KeptState } from "./loop/kept-state.ts";
export {
  findLearningRate,
  type RateCurve,
  type RateFinderOptions,
  type RatePoint,
} from "./loop/rate-finder.ts";
export { StagedTraining, type TrainingStage } from "./loop/staged-training.ts";
export type { Batches, BatchOf, Traced } from "./loop/traced.ts";
export { type TrainOptions, train } from "./loop/train.ts";
export {
  type RunOptions,
  type Trainable,
  Training,
  type TrainingOptions,
} from "./loop/training.ts";
export {
  type ContrastiveOptions,
  contrastive,
  type InfoNceOptions,
  infoNce,
  onlineContrastive,
  type SupervisedContrastiveOptions,
  supervisedContrastive,
} from "./loss/contrastive.ts";
export { type CrossEntropyOptions, crossEntropy } from "./loss/cross-entropy.ts";
export { type DiceOptions, deeplySupervised, diceCrossEntropy, diceLoss } from "./loss/dice.ts";
export type { Reduction } from "./loss/reduction.ts";
export {
  binaryCrossEntropy,
  type LossOptions,
  meanAbsoluteError,
  meanSquaredError,
} from "./loss/regression.ts";
export { Accuracy, type ClassScores, ConfusionMatrix, TopK } from "./metric/classification.ts";
export { Mean, type Metric } from "./metric/metric.ts";
export { Mixed, type Weighted } from "./metric/mixed.ts";
export {
  type PairScores,
  pairScores,
  type RetrievalScores,
  retrievalScores,
} from "./metric/retrieval.ts";
export { areaUnderCurve, meanAreaUnderCurve } from "./metric/roc.ts";
export { borderDistance, type Grid, Overlap } from "./metric/segmentation.ts";
export { averageTensors } from "./model/average-tensors.ts";
export { freeze, isFrozen, unfreeze } from "./model/freeze.ts";
export { addLora, type LoraOptions, loadLora, loraTensors, removeLora } from "./model/lora.ts";
export { mergeLora, unmergeLora } from "./model/lora-merge.ts";
export type { PathPattern } from "./model/pattern.ts";
export { type LoadOptions, loadModel, modelTensors } from "./model-state.ts";
export {
  exactSearch,
  type NeighbourSearch,
  type Neighbours,
  recallOf,
  rowsOf,
  type SearchOptions,
  type Vectors,
} from "./neighbours/neighbours.ts";
export { type AdafactorOptions, adafactor } from "./optimizer/adafactor.ts";
export { type AdamOptions, adam, adamW } from "./optimizer/adam.ts";
export { globalNorm } from "./optimizer/clip.ts";
export {
  type OneCycleOptions,
  oneCycle,
  type WarmRestartsOptions,
  warmRestarts,
} from "./optimizer/cycles.ts";
export { exceptNormsAndBiases, type LayerwiseOptions, layerwiseRates } from "./optimizer/groups.ts";
export { lamb } from "./optimizer/lamb.ts";
export { type LionOptions, lion } from "./optimizer/lion.ts";
export type { Optimizer, OptimizerOptions } from "./optimizer/optimizer.ts";
export { type RmsPropOptions, rmsProp } from "./optimizer/rms-prop.ts";
export {
  cosine,
  type DecayOptions,
  type InverseSquareRootOptions,
  inverseSquareRoot,
  linear,
  type PolynomialOptions,
  polynomial,
  type Schedule,
  warmUp,
} from "./optimizer/schedule.ts";
export { type SgdOptions, sgd } from "./optimizer/sgd.ts";
export {
  type ClippedPolicyOptions,
  clippedPolicyLoss,
  policyGradientLoss,
} from "./reinforcement/clipped-policy.ts";
export {
  MaximumAPosteriori,
  type MaximumAPosterioriOptions,
} from "./reinforcement/maximum-a-posteriori.ts";
export { logProbability, policyDivergence, policyEntropy } from "./reinforcement/policy.ts";
export {
  type ActorCriticTargets,
  generalizedAdvantages,
  type Unroll,
  type VTraceOptions,
  vTrace,
} from "./reinforcement/targets.ts";
export {
  type NamedTensors,
  readSafetensors,
  type SafetensorsContent,
  writeSafetensors,
} from "./safetensors.ts";
