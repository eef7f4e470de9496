// A actions; every other axis is the same everywhere

import { exp, logSoftmax, mul, neg, sub, sum, type Tensor } from "@quire/tensor";
import { crossEntropy } from "../loss/cross-entropy.ts";

/** The log-probability of actions under softmax(logits). `[..., A], int32 [...] -> [...]` */
export function logProbability(logits: Tensor, actions: Tensor): Tensor {
  return neg(crossEntropy(logits, actions, { reduction: "none" }));
}

/** The entropy of softmax(logits), in nats. `[..., A] -> [...]` */
export function policyEntropy(logits: Tensor): Tensor {
  const logs = logSoftmax(logits);
  return neg(sum(mul(exp(logs), logs), { axes: -1 }));
}

/** The Kullback-Leibler divergence of softmax(first) from softmax(second), in nats. `[..., A], [..., A] -> [...]` */
export function policyDivergence(first: Tensor, second: Tensor): Tensor {
  const logs = logSoftmax(first);
  return sum(mul(exp(logs), sub(logs, logSoftmax(second))), { axes: -1 });
}
