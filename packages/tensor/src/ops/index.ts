/** Every public operation, by family. */
export {
  elu,
  hardSigmoid,
  hardSwish,
  leakyRelu,
  logSigmoid,
  mish,
  relu,
  selu,
  sigmoid,
  silu,
  softplus,
} from "./activations.ts";
export { type ArgOptions, argmax, argmin } from "./argmax.ts";
export {
  add,
  div,
  equal,
  greater,
  greaterEqual,
  less,
  lessEqual,
  logicalAnd,
  logicalOr,
  maximum,
  minimum,
  mod,
  mul,
  notEqual,
  pow,
  sub,
} from "./arithmetic.ts";
export { type AttentionOptions, scaledDotProductAttention } from "./attention.ts";
export {
  type CachedAttention,
  type CachedAttentionOptions,
  cachedAttention,
  type KeptTokens,
} from "./cached-attention.ts";
export {
  copyToGroup,
  gatherOverGroup,
  maxOverGroup,
  partOfGroup,
  scatterOverGroup,
  sumOverGroup,
} from "./collective.ts";
export { type ConvOptions, type ConvTransposeOptions, conv, convTranspose } from "./conv.ts";
export { dims, type NamedSizes } from "./dims.ts";
export { einsum } from "./einsum.ts";
export {
  abs,
  type ClipOptions,
  ceil,
  clip,
  erf,
  exp,
  expm1,
  floor,
  isFinite,
  isNaN,
  log,
  log1p,
  logicalNot,
  neg,
  reciprocal,
  round,
  rsqrt,
  sign,
  sqrt,
  square,
} from "./elementwise.ts";
export { embedding, gather, gatherElements, scatterAdd, scatterRows } from "./gather.ts";
export { gelu, geluTanh } from "./gelu.ts";
export { concat, roll, split, stack } from "./join.ts";
export { layerNorm, type NormOptions } from "./layer-norm.ts";
export { dot, matmul, outer } from "./linalg.ts";
export { expand, reshape, squeeze, transpose, unsqueeze } from "./movement.ts";
export {
  batchNorm,
  batchNormInference,
  type GroupNormOptions,
  groupNorm,
  instanceNorm,
  rmsNorm,
} from "./norms.ts";
export { type Ordered, type SortOptions, sort, type TopKOptions, topK } from "./order.ts";
export { type PadMode, type PadOptions, pad } from "./pad.ts";
export {
  type AveragePoolOptions,
  adaptiveAveragePool,
  averagePool,
  maxPool,
  type PoolOptions,
} from "./pool.ts";
export { arange, causalMask, iota, oneHot } from "./position.ts";
export { dropout, randomBernoulli, randomBits, randomNormal, randomUniform } from "./random.ts";
export { type AxisSizes, rearrange } from "./rearrange.ts";
export { recompute } from "./recompute.ts";
export {
  all,
  any,
  logSumExp,
  max,
  mean,
  min,
  prod,
  type ReduceOptions,
  sum,
  sumTo,
  type VarianceOptions,
  variance,
} from "./reduce.ts";
export { replaceRows } from "./replace.ts";
export { type ResizeMode, type ResizeOptions, resize } from "./resize.ts";
export { type RotaryLayout, rotate } from "./rotary.ts";
export { type CumulativeSumOptions, cumulativeSum } from "./running.ts";
export { type ScanOptions, type Stepped, scan } from "./scan.ts";
export { cast, full, onesLike, stopGradient, where, zerosLike } from "./select.ts";
export { flip, type SliceOptions, slice } from "./slice.ts";
export { type AxisOptions, labelLoss, logSoftmax, softmax } from "./softmax.ts";
export { tile } from "./tile.ts";
export { triangularLower, triangularUpper } from "./triangular.ts";
export { acos, asin, atan, cos, cosh, sin, sinh, tan, tanh } from "./trigonometry.ts";
export { type FoldOptions, fold, type UnfoldOptions, unfold } from "./unfold.ts";
export type { Padding, PerAxis, WindowOptions } from "./window.ts";
