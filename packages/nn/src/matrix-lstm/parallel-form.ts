// B rows, H heads, T tokens, K width of queries and keys, V width of values

import {
  add,
  arange,
  cast,
  cumulativeSum,
  exp,
  matmul,
  max,
  mean,
  mul,
  stopGradient,
  sub,
  type Tensor,
  transpose,
  unsqueeze,
  where,
} from "@quire/tensor";
import { isAhead, NOTHING, normalized, type ReadTokens, scaledKey } from "./normalized.ts";

/**
 * All pairs of tokens at once (Beck et al. 2024, appendix A.3): S = (q kᵀ) ⊙ e^(log D - m), where log Dᵢⱼ is the sum
 * of log σ(f) after j up to i, plus the input gate of j. `-> [B, H, T, V]`
 */
export function parallelForm(read: ReadTokens): Tensor {
  const logWeights = logPairs(read);
  const peak = peakOf(logWeights);
  return normalized(mixed(read, logWeights, peak), peak);
}

/**
 * log D, with all but nothing where a token would see one after it. `[..., T, 1] -> [..., T, T]`
 *
 * Sums are taken of what is left over the mean, and the mean by the distance: sums over all tokens would grow, and what
 * is near would be the small difference of large numbers.
 */
export function logPairs({ inputGate, logForget }: Pick<ReadTokens, "inputGate" | "logForget">) {
  const axes = logForget.shape.length;
  const length = logForget.shape.at(-2) as number;
  const order = Array.from({ length: axes }, (_, axis) => axis);
  const swapped = [...order.slice(0, -2), axes - 1, axes - 2];
  const usual = mean(stopGradient(logForget), { axes: [-2], keepDims: true });
  const over = cumulativeSum(sub(logForget, usual), { axis: -2 });
  const fromToken = transpose(sub(inputGate, over), swapped);
  const near = add(add(over, fromToken), mul(usual, distances(length)));
  return where(isAhead(length), NOTHING, near);
}

/** How far each token stands behind each other. `-> [T, T]` */
function distances(length: number): Tensor {
  const places = cast(arange(length), "float32");
  return sub(unsqueeze(places, [1]), unsqueeze(places, [0]));
}

/**
 * The largest logarithm of a token's weights. What it scales is divided out again, so no gradient goes through it.
 * `[..., T, T] -> [..., T, 1]`
 */
export function peakOf(logWeights: Tensor): Tensor {
  return max(stopGradient(logWeights), { axes: [-1], keepDims: true });
}

/** Values mixed by their weights over e^peak. `-> [..., T, V + 1]` */
export function mixed(
  { query, key, value }: Pick<ReadTokens, "query" | "key" | "value">,
  logWeights: Tensor,
  peak: Tensor,
): Tensor {
  const products = matmul(query, scaledKey(key), { transposeB: true });
  return matmul(mul(products, exp(sub(logWeights, peak))), value);
}
