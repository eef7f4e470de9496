import {
  abs,
  add,
  exp,
  log,
  maximum,
  mul,
  neg,
  type Operand,
  sub,
  type Tensor,
} from "@quire/tensor";
import { type Reduction, reduced } from "./reduction.ts";

/** What is left of the losses of single values. */
export interface LossOptions {
  /** The mean over all values unless said. */
  readonly reduction?: Reduction;
}

/** (prediction - target)², reduced. `[...], [...] -> []` */
export function meanSquaredError(
  prediction: Tensor,
  target: Operand,
  { reduction = "mean" }: LossOptions = {},
): Tensor {
  const error = sub(prediction, target);
  return reduced(mul(error, error), reduction);
}

/** |prediction - target|, reduced. `[...], [...] -> []` */
export function meanAbsoluteError(
  prediction: Tensor,
  target: Operand,
  { reduction = "mean" }: LossOptions = {},
): Tensor {
  return reduced(abs(sub(prediction, target)), reduction);
}

/**
 * The cross-entropy of sigmoid(logits) and probabilities, reduced: max(x, 0) - x t + log(1 + e^-|x|), which does
 * not overflow. `[...], [...] -> []`
 */
export function binaryCrossEntropy(
  logits: Tensor,
  target: Operand,
  { reduction = "mean" }: LossOptions = {},
): Tensor {
  const tail = log(add(exp(neg(abs(logits))), 1));
  return reduced(add(sub(maximum(logits, 0), mul(logits, target)), tail), reduction);
}
