// B rows of an unroll, T steps

import { clip, exp, mean, minimum, mul, neg, sub, type Tensor } from "@quire/tensor";

/** How far a policy may go from the one that acted. */
export interface ClippedPolicyOptions {
  /** The ratio of probabilities stays within 1 ± this; 0.2 unless said. */
  readonly clip?: number;
}

/**
 * The clipped surrogate of proximal policy optimisation, to be made small (Schulman et al. 2017, eq. 7).
 * `[B, T], [B, T], [B, T] -> []`
 *
 * @param logs Log-probabilities of the actions under the policy that learns.
 * @param before Those under the policy that acted.
 */
export function clippedPolicyLoss(
  logs: Tensor,
  before: Tensor,
  advantages: Tensor,
  { clip: reach = 0.2 }: ClippedPolicyOptions = {},
): Tensor {
  const ratios = exp(sub(logs, before));
  const held = clip(ratios, { min: 1 - reach, max: 1 + reach });
  return neg(mean(minimum(mul(ratios, advantages), mul(held, advantages))));
}

/** The loss whose slope is the policy gradient: -mean(A log π) (Williams 1992). `[B, T], [B, T] -> []` */
export function policyGradientLoss(logs: Tensor, advantages: Tensor): Tensor {
  return neg(mean(mul(logs, advantages)));
}
