/** Losses, optimisers and the training loop. */
export { type CrossEntropyOptions, crossEntropy } from "./loss/cross-entropy.ts";
export type { Reduction } from "./loss/reduction.ts";
export {
  binaryCrossEntropy,
  type LossOptions,
  meanAbsoluteError,
  meanSquaredError,
} from "./loss/regression.ts";
export { type AdamOptions, adam, adamW } from "./optimizer/adam.ts";
export { globalNorm } from "./optimizer/clip.ts";
export type { Optimizer, OptimizerOptions } from "./optimizer/optimizer.ts";
export {
  cosine,
  type DecayOptions,
  linear,
  type Schedule,
  warmUp,
} from "./optimizer/schedule.ts";
export { type SgdOptions, sgd } from "./optimizer/sgd.ts";
