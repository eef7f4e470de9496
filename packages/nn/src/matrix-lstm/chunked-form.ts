// B rows, H heads, T tokens, K width of queries and keys, V width of values, N chunks, S tokens of a chunk

import {
  add,
  cumulativeSum,
  exp,
  full,
  matmul,
  max,
  maximum,
  mul,
  pad,
  reshape,
  scan,
  slice,
  stopGradient,
  sub,
  sum,
  type Tensor,
  transpose,
} from "@quire/tensor";
import { NOTHING, normalized, type ReadTokens, scaledKey } from "./normalized.ts";
import { logPairs, mixed, peakOf } from "./parallel-form.ts";

/**
 * Pairs of tokens within a chunk by a table, all before the chunk by the state that the recurrence has there. Tables
 * and products of all chunks are computed at once; loops over the chunks only carry the peaks and add up the states,
 * so that time and memory grow with the length. `-> [B, H, T, V]`
 */
export function chunkedForm(read: ReadTokens, chunk: number): Tensor {
  const [batch, heads, length] = read.query.shape as [number, number, number];
  const size = Math.min(chunk, length);
  const count = Math.ceil(length / size);
  const cut = inChunks(read, count, size);
  const within = logPairs(cut);
  const own = peakOf(within);
  const sums = count === 1 ? undefined : statesBefore(cut);
  const { values, peak } = sums ? withStates(cut, within, own, sums) : alone(cut, within, own);
  const shape = [batch, heads, count * size, (read.value.shape[3] as number) - 1];
  const whole = reshape(normalized(values, peak), shape);
  return count * size === length ? whole : slice(whole, [0], [length], { axes: [2] });
}

/** What tokens that fill the last chunk hold: they write nothing and forget nothing. */
const filling = { query: 0, key: 0, value: 0, inputGate: NOTHING, logForget: 0 } as const;

/** `[B, H, T, ...] -> [B, H, N, S, ...]` */
function inChunks(read: ReadTokens, count: number, size: number): ReadTokens {
  const cut = (name: keyof ReadTokens): Tensor => {
    const x = read[name];
    const [batch, heads, length, width] = x.shape as [number, number, number, number];
    const missing = count * size - length;
    const around = { before: [0, 0, 0, 0], after: [0, 0, missing, 0], value: filling[name] };
    const whole = missing === 0 ? x : pad(x, around);
    return reshape(whole, [batch, heads, count, size, width]);
  };
  return {
    query: cut("query"),
    key: cut("key"),
    value: cut("value"),
    inputGate: cut("inputGate"),
    logForget: cut("logForget"),
  };
}

interface Mixed {
  /** `[B, H, N, S, V + 1]` */
  readonly values: Tensor;
  /** `[B, H, N, S, 1]` */
  readonly peak: Tensor;
}

function alone(cut: ReadTokens, logWeights: Tensor, peak: Tensor): Mixed {
  return { values: mixed(cut, logWeights, peak), peak };
}

/** The state before each chunk. */
interface States {
  /** Over e^peak, `[B, H, N, K, V + 1]`. */
  readonly sums: Tensor;
  /** `[B, H, N, 1, 1]` */
  readonly peak: Tensor;
}

/** What a chunk's tokens take from its own and, by the state, from all before. */
function withStates(cut: ReadTokens, logWeights: Tensor, own: Tensor, before: States): Mixed {
  const fromStart = add(cumulativeSum(cut.logForget, { axis: -2 }), before.peak);
  const peak = maximum(own, stopGradient(fromStart));
  const past = mul(matmul(cut.query, before.sums), exp(sub(fromStart, peak)));
  return { values: add(mixed(cut, logWeights, peak), past), peak };
}

/** Walks over the chunks: first the peaks, which need no gradient, then the states that they scale. */
function statesBefore({ key, value, inputGate, logForget }: ReadTokens): States {
  const [batch, heads] = key.shape as [number, number];
  const overChunk = sum(logForget, { axes: [-2], keepDims: true });
  const toEnd = sub(overChunk, cumulativeSum(logForget, { axis: -2 }));
  const logWritten = add(toEnd, inputGate);
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
  const { ys } = scan(
    (sums, [kept, own]) => ({ carry: add(mul(sums, kept), own), y: sums }),
    full([batch, heads, key.shape[4] as number, value.shape[4] as number], 0),
    [
      walked(exp(sub(add(overChunk, peak), after))),
      walked(matmul(written, value, { transposeA: true })),
    ] as [Tensor, Tensor],
  );
  return { sums: laid(ys), peak };
}

/** `[B, H, N, ...] -> [N, B, H, ...]` */
function walked(x: Tensor): Tensor {
  return transpose(x, [2, 0, 1, 3, 4]);
}

/** `[N, B, H, ...] -> [B, H, N, ...]` */
function laid(x: Tensor): Tensor {
  return transpose(x, [1, 2, 0, 3, 4]);
}
