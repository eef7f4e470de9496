// B rows, H heads, T tokens, K width of queries and keys, V width of values, N chunks, S tokens of a chunk

import {
  add,
  arange,
  exp,
  lessEqual,
  matmul,
  max,
  maximum,
  mul,
  reshape,
  split,
  stopGradient,
  sub,
  sum,
  type Tensor,
  transpose,
  unsqueeze,
  where,
} from "@quire/tensor";
import { inChunks, outOfChunks } from "./in-chunks.ts";
import { asRow, leftAtEnd, logPairs, peakOf, sinceStart, sumsBetween } from "./log-weights.ts";
import {
  joined,
  NOTHING,
  normalized,
  type ReadTokens,
  type Sums,
  scaledKey,
} from "./normalized.ts";

/**
 * Tokens whose weights and values are added up before they join the rest. Weights of either sign grow as a random walk
 * while their sum may be small, and a long sum keeps the rounding of its largest part.
 */
const CHUNK = 32;

/**
 * All pairs of tokens at once (Beck et al. 2024, appendix A.3): S = (q kᵀ) ⊙ e^(log D - m), where log Dᵢⱼ is the sum
 * of log σ(f) after j up to i, plus the input gate of j. `-> [B, H, T, V]`
 */
export function parallelForm(read: ReadTokens): Tensor {
  const cut = inChunks(read, CHUNK);
  const within = logPairs(cut);
  const own = peakOf(within);
  const length = read.query.shape[2] as number;
  const { sums, peak } =
    length <= CHUNK ? { sums: mixed(cut, within, own), peak: own } : withOthers(cut, within, own);
  return outOfChunks(normalized(sums, peak), length);
}

/** What tokens take from those of their own chunk and of all before it. */
function withOthers(cut: ReadTokens, within: Tensor, own: Tensor) {
  const [batch, heads, count, size, inner] = cut.query.shape as [
    ...[number, number, number, number, number],
  ];
  const left = chunkToChunk(cut);
  const since = sinceStart(cut);
  // [B, H, N, 1, 1]
  const largest = reshape(max(stopGradient(left), { axes: [2, 5] }), [batch, heads, count, 1, 1]);
  const peak = maximum(own, stopGradient(add(since, largest)));
  // [B, H, N, N S, S]: each chunk is read by all tokens.
  const toRead = reshape(sub(since, peak), [batch, heads, 1, count, size, 1]);
  const weights = reshape(exp(add(left, toRead)), [batch, heads, count, count * size, size]);
  const query = reshape(cut.query, [batch, heads, 1, count * size, inner]);
  const products = productsOf(query, cut.key);
  const fading = mul(products, weights);
  const overChunks = (x: Tensor, width: number): Tensor =>
    reshape(sum(x, { axes: [2] }), [batch, heads, count, size, width]);
  const others = {
    values: overChunks(matmul(fading, cut.value), cut.value.shape[4] as number),
    weights: overChunks(sum(fading, { axes: [-1], keepDims: true }), 1),
  };
  return { sums: joined(mixed(cut, within, peak), others), peak };
}

/** Logarithms of what is left of each token where a later chunk starts. `-> [B, H, N from, N to, 1, S]` */
function chunkToChunk(cut: ReadTokens): Tensor {
  const [batch, heads, count, size] = cut.query.shape as [number, number, number, number];
  const over = reshape(sum(cut.logForget, { axes: [3, 4] }), [batch, heads, count, 1]);
  const places = arange(count);
  const isEarlier = lessEqual(unsqueeze(places, [1]), unsqueeze(places, [0]));
  // Rows are chunks that read, columns are chunks that are read.
  const between = where(isEarlier, NOTHING, sumsBetween(over, { exclusive: true }));
  const byColumn = transpose(between, [0, 1, 3, 2]);
  return add(
    reshape(byColumn, [batch, heads, count, count, 1, 1]),
    reshape(asRow(leftAtEnd(cut)), [batch, heads, count, 1, 1, size]),
  );
}

/** Products of queries and keys over √K, each added up from parts of its own for the same reason. `-> [..., T, T]` */
function productsOf(query: Tensor, key: Tensor): Tensor {
  const width = query.shape.at(-1) as number;
  const parts = width % 2 === 0 ? 2 : 1;
  const keys = split(scaledKey(key), parts, -1);
  return split(query, parts, -1)
    .map((one, i) => matmul(one, keys[i] as Tensor, { transposeB: true }))
    .reduce((all, one) => add(all, one));
}

/** Values mixed by their weights over e^peak. */
export function mixed(
  { query, key, value }: Pick<ReadTokens, "query" | "key" | "value">,
  logWeights: Tensor,
  peak: Tensor,
): Sums {
  const products = productsOf(query, key);
  const weights = mul(products, exp(sub(logWeights, peak)));
  return { values: matmul(weights, value), weights: sum(weights, { axes: [-1], keepDims: true }) };
}
