/** Modules for transformer papers. */
export {
  adaptiveNorm,
  Modulation,
  type ModulationOptions,
  ModulationTable,
  modulationParts,
} from "./adaptive-norm.ts";
export { Attention, type AttentionInputs, type AttentionOptions } from "./attention.ts";
export { type AttentionBias, type AttentionSizes, alibi, localWindow } from "./attention-bias.ts";
export { BatchNorm, type BatchNormOptions } from "./batch-norm.ts";
export { BlockLinear, type BlockLinearOptions } from "./block-linear.ts";
export { Convolution, type ConvolutionOptions } from "./convolution.ts";
export { CRMSNorm, type CRMSNormOptions, crmsNorm } from "./crms-norm.ts";
export {
  type Choice,
  gumbelChoice,
  hardChoice,
  softChoice,
  straightThrough,
} from "./discrete/choice.ts";
export { Temperature, type TemperatureOptions } from "./discrete/temperature.ts";
export { Dropout } from "./dropout.ts";
export { Embedding, type EmbeddingOptions } from "./embedding.ts";
export { Encoder, type EncoderOptions } from "./encoder.ts";
export {
  type Activation,
  FeedForward,
  type FeedForwardOptions,
  type Gated,
  geglu,
  glu,
  sglu,
  swiglu,
} from "./feed-forward.ts";
export { type GridPositionsOptions, gridPositions } from "./grid-positions.ts";
export { GroupNorm, type GroupNormOptions } from "./group-norm.ts";
export type { Heads } from "./heads.ts";
export {
  divergenceFromNormal,
  drawn,
  ImageAutoencoder,
  type ImageAutoencoderOptions,
  type LatentDistribution,
} from "./image-autoencoder.ts";
export {
  evenly,
  kaimingNormal,
  kaimingUniform,
  lecunUniform,
  normal,
  truncatedNormal,
  uniform,
  xavierNormal,
  xavierUniform,
  zeros,
} from "./initial.ts";
export { LayerNorm, type LayerNormOptions } from "./layer-norm.ts";
export { Linear, type LinearOptions } from "./linear.ts";
export { headSlopes } from "./linear-attention/decay.ts";
export {
  type LinearAttentionForm,
  type LinearAttentionOptions,
  type LinearOperands,
  linearAttention,
} from "./linear-attention.ts";
export { Llama, type LlamaOptions } from "./llama.ts";
export { LowRank, type LowRankOptions } from "./low-rank.ts";
export { Lstm, type LstmOptions, type LstmState } from "./lstm.ts";
export { maskedMax, maskedMean, unitVectors } from "./masked-pooling.ts";
export type { TokenConvolutionOptions } from "./matrix-lstm/token-convolution.ts";
export {
  type MatrixLstmForm,
  type MatrixLstmInputs,
  type MatrixLstmOptions,
  matrixLstm,
} from "./matrix-lstm.ts";
export { MatrixLstmLayer, type MatrixLstmLayerOptions } from "./matrix-lstm-layer.ts";
export { attendToSums } from "./memory/linear-sums.ts";
export type { Attending, Reading } from "./memory/reading.ts";
export { Memory, type MemoryOptions } from "./memory.ts";
export { countParameters, initialize } from "./model.ts";
export { inference, type Layer, type Mode, Module } from "./module.ts";
export { Division, type DivisionOptions, undivided } from "./parallel/division.ts";
export { HeldLayerNorm } from "./parallel/layer-norm.ts";
export {
  ColumnLinear,
  type DividedLinearOptions,
  HeldLinear,
  RowLinear,
} from "./parallel/linear.ts";
export {
  markShard,
  partOfWhole,
  type Shard,
  shardOf,
  wholeOf,
} from "./parallel/shard.ts";
export { DividedVocabulary, type VocabularyOptions } from "./parallel/vocabulary.ts";
export { PatchEmbedding, type PatchEmbeddingOptions } from "./patch-embedding.ts";
export { AdaptiveAveragePool, AveragePool, MaxPool } from "./pooling.ts";
export {
  LearnedPositions,
  type LearnedPositionsOptions,
  SinePositions,
  type SinePositionsOptions,
} from "./positions.ts";
export { PRelu } from "./prelu.ts";
export { fused, type ProjectionOptions, type Projections, separate } from "./projections.ts";
export { RelativeAttention, type RelativeAttentionOptions } from "./relative-attention.ts";
export { RelativePositions, type RelativePositionsOptions } from "./relative-positions.ts";
export { ResidualConvolution } from "./residual-convolution.ts";
export {
  ConvolutionBlock,
  type ConvolutionBlockOptions,
  InstanceNorm,
} from "./residual-unet/blocks.ts";
export { ResidualUNet, type ResidualUNetOptions, type UNetStage } from "./residual-unet.ts";
export { RMSNorm, type RMSNormOptions } from "./rms-norm.ts";
export { type Rotary, type RotaryOptions, rotary } from "./rotary.ts";
export { ScalarEmbedding, type ScalarEmbeddingOptions } from "./scalar-embedding.ts";
export { SequencePooling, type SequencePoolingOptions } from "./sequence-pooling.ts";
export { SimpleRMSNorm, type SimpleRMSNormOptions } from "./simple-rms-norm.ts";
export { linearRates, StochasticDepth } from "./stochastic-depth.ts";
export { T5Encoder, type T5EncoderOptions } from "./t5-encoder.ts";
export {
  CalendarEmbedding,
  type CalendarEmbeddingOptions,
  type CalendarField,
  calendarFields,
  scaledFields,
  type TimeEmbeddingOptions,
  TimeFeatures,
  type TimeUnit,
  timeFeatures,
} from "./time-embedding.ts";
export { type ReadingInputs, Transformer, type TransformerOptions } from "./transformer.ts";
export {
  type BlockInputs,
  type MakeNorm,
  TransformerBlock,
  type TransformerBlockOptions,
} from "./transformer-block.ts";
export { VisionLstmBlock, type VisionLstmBlockOptions } from "./vision-lstm-block.ts";
