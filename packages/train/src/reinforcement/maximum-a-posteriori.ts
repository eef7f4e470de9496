// B rows of an unroll, T steps, N steps in all, M the better half of them, A actions

import { Module } from "@quire/nn";
import {
  add,
  div,
  gather,
  logSumExp,
  mean,
  mul,
  neg,
  reshape,
  softmax,
  softplus,
  stopGradient,
  sub,
  sum,
  type Tensor,
  topK,
  Variable,
} from "@quire/tensor";
import { logProbability, policyDivergence } from "./policy.ts";

/** The multipliers of V-MPO, both learnt, and kept above 0 by a softplus. */
export interface MaximumAPosterioriOptions {
  /** How far the better half may be picked out (epsilon of eta); 0.01 unless said, as for discrete actions in the paper. */
  readonly temperatureBound?: number;
  /** How far the policy may go from the one that acted, in nats (epsilon of alpha); 0.01 unless said. */
  readonly divergenceBound?: number;
  /** eta at first; 1 unless said. */
  readonly temperature?: number;
  /** alpha at first; 5 unless said. */
  readonly penalty?: number;
}

/** Eta and alpha never reach 0. */
const LEAST = 1e-8;

/**
 * The policy's losses of V-MPO (Song et al. 2020, section 4): steps of the better half by advantage are made likelier by
 * weights softmax(A / eta), while the policy stays near the one that acted. Holds eta and alpha, which have to be among
 * what learns.
 */
export class MaximumAPosteriori extends Module {
  /** softplus of it is eta. `[]` */
  readonly temperature: Variable;
  /** softplus of it is alpha. `[]` */
  readonly penalty: Variable;
  readonly temperatureBound: number;
  readonly divergenceBound: number;

  constructor(options: MaximumAPosterioriOptions = {}) {
    super();
    const { temperature = 1, penalty = 5 } = options;
    this.temperature = new Variable([], { initial: inverseSoftplus(temperature) });
    this.penalty = new Variable([], { initial: inverseSoftplus(penalty) });
    this.temperatureBound = options.temperatureBound ?? 0.01;
    this.divergenceBound = options.divergenceBound ?? 0.01;
  }

  /**
   * The sum of all three losses. `[B, T, A], [B, T, A], int32 [B, T], [B, T] -> []`
   *
   * @param before Logits of the policy that acted.
   */
  forward(logits: Tensor, before: Tensor, actions: Tensor, advantages: Tensor): Tensor {
    const eta = add(softplus(this.temperature.tensor), LEAST);
    const alpha = add(softplus(this.penalty.tensor), LEAST);
    const count = advantages.shape.reduce((size, side) => size * side, 1);
    const half = Math.max(1, Math.floor(count / 2));
    const { values, indices } = topK(reshape(stopGradient(advantages), [count]), half);
    const logs = gather(reshape(logProbability(logits, actions), [count]), indices);
    // L_pi = -Σ psi log pi, psi the softmax over the better half
    const weights = stopGradient(softmax(div(values, eta)));
    const policy = neg(sum(mul(weights, logs)));
    // L_eta = eta (epsilon + log mean exp(A / eta))
    const spread = sub(logSumExp(div(values, eta), { axes: 0 }), Math.log(half));
    const temperature = mul(eta, add(spread, this.temperatureBound));
    // L_alpha = alpha (epsilon - sg KL) + sg(alpha) KL
    const divergence = policyDivergence(stopGradient(before), logits);
    const room = sub(this.divergenceBound, stopGradient(divergence));
    const penalty = mean(add(mul(alpha, room), mul(stopGradient(alpha), divergence)));
    return add(policy, add(temperature, penalty));
  }
}

function inverseSoftplus(value: number): number {
  return Math.log(Math.expm1(value));
}
