// B examples, K classes

import {
  div,
  logSoftmax,
  mean,
  mul,
  softmax,
  stopGradient,
  sub,
  sum,
  type Tensor,
} from "@quire/tensor";

/** How a teacher is listened to. */
export interface DistillationOptions {
  /** What scores are divided by, on both sides. */
  readonly temperature: number;
  /** How much of the loss is the teacher's, the rest is that of the labels. */
  readonly hardness: number;
}

/// The official recipes: temperature 2, and the teacher's part is all of the loss.
/** As published. */
export const publishedDistillation: DistillationOptions = { temperature: 2, hardness: 1 };

/**
 * How far a student's probabilities lie from a teacher's at a temperature: Kullback and Leibler's divergence, times the
 * temperature's square, so that slopes keep their size (Hinton et al. 2015, section 2). `[B, K], [B, K] -> []`
 */
export function distillationLoss(student: Tensor, teacher: Tensor, temperature: number): Tensor {
  const fixed = div(stopGradient(teacher), temperature);
  const told = softmax(fixed, { axis: 1 });
  const differences = logSoftmax(fixed, { axis: 1 });
  const own = logSoftmax(div(student, temperature), { axis: 1 });
  const divergences = sum(mul(told, sub(differences, own)), { axes: 1 });
  return mul(mean(divergences), temperature ** 2);
}
