// S tokens of a chunk

import {
  add,
  arange,
  cumulativeSum,
  less,
  lessEqual,
  max,
  reshape,
  stopGradient,
  type Tensor,
  unsqueeze,
  where,
} from "@quire/tensor";
import { NOTHING, type ReadTokens } from "./normalized.ts";

/*
 * A logarithm of a weight is a sum of logarithms of what was kept between two tokens. No such sum is the difference of
 * two longer ones here, in values or in gradients: what is left of a difference keeps the rounding of both, and that
 * grows with the length. Sums are added up from parts: after a token to the end of its chunk, over whole chunks, and
 * from the start of a chunk.
 */

/** Where the row's token comes before the column's. `-> [S, S]` */
function isAhead(size: number): Tensor {
  const places = arange(size);
  return less(unsqueeze(places, [1]), unsqueeze(places, [0]));
}

/**
 * Sums over what comes after the column's token up to the row's, which is itself left out where `exclusive`; 0 where
 * nothing does. `[..., S, 1] -> [..., S, S]`
 */
export function sumsBetween(x: Tensor, { exclusive = false } = {}): Tensor {
  const places = arange(x.shape.at(-2) as number);
  const isUntil = lessEqual(unsqueeze(places, [1]), unsqueeze(places, [0]));
  return cumulativeSum(where(isUntil, 0, x), { axis: -2, exclusive });
}

/** One value a token, side by side. `[..., S, 1] -> [..., 1, S]` */
export function asRow(x: Tensor): Tensor {
  return reshape(x, [...x.shape.slice(0, -2), 1, x.shape.at(-2) as number]);
}

/** log Dᵢⱼ of the tokens of a chunk: what was kept after j up to i, and j's input gate. `[..., S, 1] -> [..., S, S]` */
export function logPairs({ inputGate, logForget }: Pick<ReadTokens, "inputGate" | "logForget">) {
  const near = add(sumsBetween(logForget), asRow(inputGate));
  return where(isAhead(logForget.shape.at(-2) as number), NOTHING, near);
}

/** The logarithm of what a token reads with of what was there before its chunk. `[..., S, 1] -> [..., S, 1]` */
export function sinceStart({ logForget }: Pick<ReadTokens, "logForget">): Tensor {
  return cumulativeSum(logForget, { axis: -2 });
}

/** The logarithm of what is left of a token at the end of its chunk. `[..., S, 1] -> [..., S, 1]` */
export function leftAtEnd({
  inputGate,
  logForget,
}: Pick<ReadTokens, "inputGate" | "logForget">): Tensor {
  const after = cumulativeSum(logForget, { axis: -2, exclusive: true, reverse: true });
  return add(after, inputGate);
}

/**
 * The largest logarithm of a token's weights. What it scales is divided out again, so no gradient goes through it.
 * `[..., T, T] -> [..., T, 1]`
 */
export function peakOf(logWeights: Tensor): Tensor {
  return max(stopGradient(logWeights), { axes: [-1], keepDims: true });
}
