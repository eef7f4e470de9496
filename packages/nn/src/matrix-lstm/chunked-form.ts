// B rows, H heads, T tokens, K width of queries and keys, V width of values, N chunks, S tokens of a chunk

import {
  add,
  concat,
  exp,
  full,
  matmul,
  max,
  maximum,
  mul,
  reshape,
  scan,
  stopGradient,
  sub,
  sum,
  type Tensor,
  transpose,
} from "@quire/tensor";
import { fadedSum } from "./faded-sum.ts";
import { inChunks, outOfChunks } from "./in-chunks.ts";
import { leftAtEnd, logPairs, peakOf, sinceStart } from "./log-weights.ts";
import { apart, joined, NOTHING, normalized, type ReadTokens, scaledKey } from "./normalized.ts";
import { mixed } from "./parallel-form.ts";

/**
 * Pairs of tokens within a chunk by a table, all before the chunk by the state that the recurrence has there. Tables
 * and products of all chunks are computed at once; loops over the chunks only carry the peaks and add up the states,
 * so that time and memory grow with the length. `-> [B, H, T, V]`
 */
export function chunkedForm(read: ReadTokens, chunk: number): Tensor {
  const cut = inChunks(read, chunk);
  const within = logPairs(cut);
  const own = peakOf(within);
  const length = read.query.shape[2] as number;
  const { sums, peak } =
    length <= chunk
      ? { sums: mixed(cut, within, own), peak: own }
      : withStates(cut, within, own, statesBefore(cut));
  return outOfChunks(normalized(sums, peak), length);
}

/** The state before each chunk. */
interface States {
  /** Over e^peak, `[B, H, N, K, V + 1]`. */
  readonly sums: Tensor;
  /** `[B, H, N, 1, 1]` */
  readonly peak: Tensor;
}

/** What a chunk's tokens take from its own and, by the state, from all before. */
function withStates(cut: ReadTokens, logWeights: Tensor, own: Tensor, before: States) {
  const fromStart = add(sinceStart(cut), before.peak);
  const peak = maximum(own, stopGradient(fromStart));
  const past = mul(matmul(cut.query, before.sums), exp(sub(fromStart, peak)));
  return { sums: joined(mixed(cut, logWeights, peak), apart(past)), peak };
}

/** Walks over the chunks: first the peaks, which need no gradient, then the states that they scale. */
function statesBefore({ key, value, inputGate, logForget }: ReadTokens): States {
  const [batch, heads] = key.shape as [number, number];
  const overChunk = sum(logForget, { axes: [-2], keepDims: true });
  const logWritten = leftAtEnd({ inputGate, logForget });
  const largest = max(stopGradient(logWritten), { axes: [-2], keepDims: true });
  const { ys: peaks } = scan(
    (peak, [kept, own]) => {
      const next = maximum(add(peak, kept), own);
      return { carry: next, y: { before: peak, after: next } };
    },
    full([batch, heads, 1, 1], NOTHING),
    [walked(stopGradient(overChunk)), walked(largest)] as [Tensor, Tensor],
  );
  const [peak, after] = [laid(peaks.before), laid(peaks.after)];
  const written = mul(scaledKey(key), exp(sub(logWritten, after)));
  const none = full([batch, heads, key.shape[4] as number, (value.shape[4] as number) + 1], 0);
  const { ys } = scan(
    (state, [kept, own]) => ({ carry: fadedSum(state, kept, own), y: state.sums }),
    { sums: none, lost: none },
    [
      walked(exp(sub(add(overChunk, peak), after))),
      walked(concat([matmul(written, value, { transposeA: true }), overTokens(written)], -1)),
    ] as [Tensor, Tensor],
  );
  return { sums: laid(ys), peak };
}

/** Tokens that are added up before their sum joins that of others: long sums keep the rounding of their largest part. */
const FEW = 8;

/** The normaliser that the tokens of a chunk make. `[B, H, N, S, K] -> [B, H, N, K, 1]` */
function overTokens(keys: Tensor): Tensor {
  const [batch, heads, count, size, inner] = keys.shape as [
    ...[number, number, number, number, number],
  ];
  const few = size % FEW === 0 ? FEW : size;
  const parts = sum(reshape(keys, [batch, heads, count, size / few, few, inner]), { axes: [4] });
  return reshape(sum(parts, { axes: [3] }), [batch, heads, count, inner, 1]);
}

/** `[B, H, N, ...] -> [N, B, H, ...]` */
function walked(x: Tensor): Tensor {
  return transpose(x, [2, 0, 1, 3, 4]);
}

/** `[N, B, H, ...] -> [B, H, N, ...]` */
function laid(x: Tensor): Tensor {
  return transpose(x, [1, 2, 0, 3, 4]);
}
