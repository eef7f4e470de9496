// B batch, H heads, T queries, S keys, K width of a head, U sampled keys, u selected queries

import {
  add,
  arange,
  cast,
  constant,
  cumulativeSum,
  dims,
  div,
  expand,
  floor,
  full,
  gather,
  gatherElements,
  type HostTensor,
  hostTensor,
  lessEqual,
  matmul,
  max,
  maximum,
  mean,
  mul,
  oneHot,
  Random,
  type RandomKeys,
  randomUniform,
  reshape,
  scaledDotProductAttention,
  scan,
  stopGradient,
  sub,
  sum,
  type Tensor,
  topK,
  transpose,
  unsqueeze,
} from "@quire/tensor";

/** How ProbSparse attention chooses. */
export interface ProbSparseOptions {
  /** c: keys are sampled and queries selected in number c ⌈ln length⌉. */
  readonly factor: number;
  /** Whether a position sees only itself and those before it. */
  readonly causal: boolean;
  /**
   * Up to so many keys the sampled products are taken out of all products, which is faster there and gives the same;
   * beyond, they are computed one sample after the other, and nothing grows with the square of the length.
   */
  readonly dense: number;
}

/// Section 3.2, below eq. 4: u = c ln L_Q queries and U = c ln L_K keys for each of them. The official code rounds
/// the logarithm up, and neither exceeds the length.
/** How many of `length` are sampled or selected. */
export function selectedCount(length: number, factor: number): number {
  return Math.min(length, factor * Math.ceil(Math.log(length)));
}

/** Draws that inference repeats: the same for the same sizes, so that a file of the model gives the same numbers. */
export function fixedSamples(queries: number, keys: number, factor: number): HostTensor<"int32"> {
  const count = selectedCount(keys, factor);
  const random = new Random(0).fork("keys");
  const data = Int32Array.from({ length: queries * count }, () => random.integer(keys));
  return hostTensor(data, [queries, count], "int32");
}

/** Draws for a training step, int32 `[T, U]`, with replacement and the same for all examples and heads. */
export function drawnSamples(
  stream: RandomKeys,
  queries: number,
  keys: number,
  factor: number,
): Tensor {
  const uniform = randomUniform(stream.next(), [queries, selectedCount(keys, factor)]);
  return cast(floor(mul(uniform, keys)), "int32");
}

/// Section 3.2, eq. 3 and 4, algorithm 1. A query whose attention is near the uniform one adds little: it gets the
/// mean of the values. How far a query is from uniform is told by the largest minus the mean product, over a sample.
/**
 * Attention in which only the u most active queries attend; the others get the mean of the values, or, where a
 * position sees only those before it, their sum. Time and memory grow as T ln T.
 * `[B, H, T, K], [B, H, S, K], [B, H, S, K] -> [B, H, T, K]`
 *
 * @param samples Keys that each query is measured on, int32 `[T, U]`.
 */
export function probSparseAttention(
  [q, k, v]: readonly [Tensor, Tensor, Tensor],
  samples: Tensor,
  { factor, causal, dense }: ProbSparseOptions,
): Tensor {
  const { T } = dims(q, "B H T K");
  const { S } = dims(k, "B H S K");
  const measure = sparsity(stopGradient(q), stopGradient(k), samples, dense);
  const { indices } = topK(measure, selectedCount(T, factor));
  /// Rows of a unit matrix choose queries, and their transpose puts results back: products alone, so that gradients
  /// and every backend take them.
  const chosen = oneHot(indices, T);
  const active = matmul(chosen, q);
  const seen = causal ? { mask: lessEqual(arange(S), unsqueeze(indices, [3])) } : {};
  const attended = scaledDotProductAttention(active, k, v, seen);
  const lazy = causal
    ? cumulativeSum(v, { axis: 2 })
    : expand(mean(v, { axes: 2, keepDims: true }), q.shape);
  const isLazy = sub(1, unsqueeze(sum(chosen, { axes: 2 }), [3]));
  return add(mul(lazy, isLazy), matmul(chosen, attended, { transposeA: true }));
}

/// Eq. 4. The official code divides the sum over the sample by the number of all keys, not of the sampled ones; so
/// the mean weighs less than in the paper's equation, and published results come from that.
/** max - sum / S of each query's products with its sampled keys. `-> [B, H, T]` */
export function sparsity(q: Tensor, k: Tensor, samples: Tensor, dense: number): Tensor {
  const { S } = dims(k, "B H S K");
  const [most, total] =
    S <= dense ? sampledOfAll(q, k, samples) : sampledOneByOne(q, k, transpose(samples));
  return sub(most, div(total, S));
}

function sampledOfAll(q: Tensor, k: Tensor, samples: Tensor): [most: Tensor, total: Tensor] {
  const { B, H, T } = dims(q, "B H T K");
  const products = matmul(q, k, { transposeB: true });
  const places = expand(samples, [B, H, T, samples.shape[1] as number]);
  const taken = gatherElements(products, places, 3);
  return [max(taken, { axes: 3 }), sum(taken, { axes: 3 })];
}

/** Heads lie side by side, so that a sample is one long row of the keys. */
function sampledOneByOne(q: Tensor, k: Tensor, samples_UT: Tensor): [most: Tensor, total: Tensor] {
  const { B, H, T, K } = dims(q, "B H T K");
  const { S } = dims(k, "B H S K");
  const rows = (x: Tensor, length: number): Tensor =>
    reshape(transpose(x, [0, 2, 1, 3]), [B, length, H * K]);
  const [queries, keys] = [rows(q, T), rows(k, S)];
  // A product with 1 where a column is of a head sums by heads, faster than a sum over a short axis.
  const heads = oneHot(floorDivided(H * K, K), H);
  const { carry } = scan(
    ({ most, total }, places: Tensor) => {
      const scores = matmul(mul(queries, gather(keys, places, 1)), heads);
      return { carry: { most: maximum(most, scores), total: add(total, scores) }, y: [] };
    },
    { most: full([B, T, H], Number.NEGATIVE_INFINITY), total: full([B, T, H], 0) },
    samples_UT,
  );
  return [transpose(carry.most, [0, 2, 1]), transpose(carry.total, [0, 2, 1])];
}

/** 0 as often as `by` says, then 1, then 2, ... `-> int32 [count]` */
function floorDivided(count: number, by: number): Tensor {
  const data = Int32Array.from({ length: count }, (_, i) => Math.floor(i / by));
  return constant(hostTensor(data, [count], "int32"));
}
