// B rows, H heads, T tokens, N chunks, S tokens of a chunk

import { pad, reshape, slice, type Tensor } from "@quire/tensor";
import { NOTHING, type ReadTokens } from "./normalized.ts";

/** What tokens that fill the last chunk hold: they write nothing and forget nothing. */
const filling = { query: 0, key: 0, value: 0, inputGate: NOTHING, logForget: 0 } as const;

/** Tokens in chunks of a size, which is that of all of them where they are fewer. `[B, H, T, ...] -> [B, H, N, S, ...]` */
export function inChunks(read: ReadTokens, chunk: number): ReadTokens {
  const [batch, heads, length] = read.query.shape as [number, number, number];
  const size = Math.min(chunk, length);
  const count = Math.ceil(length / size);
  const missing = count * size - length;
  const cut = (name: keyof ReadTokens): Tensor => {
    const x = read[name];
    const around = { before: [0, 0, 0, 0], after: [0, 0, missing, 0], value: filling[name] };
    const whole = missing === 0 ? x : pad(x, around);
    return reshape(whole, [batch, heads, count, size, x.shape[3] as number]);
  };
  return {
    query: cut("query"),
    key: cut("key"),
    value: cut("value"),
    inputGate: cut("inputGate"),
    logForget: cut("logForget"),
  };
}

/** Chunks side by side again, without the tokens that filled the last one. `[B, H, N, S, V] -> [B, H, T, V]` */
export function outOfChunks(chunks: Tensor, length: number): Tensor {
  const [batch, heads, count, size, width] = chunks.shape as [
    ...[number, number, number, number, number],
  ];
  const whole = reshape(chunks, [batch, heads, count * size, width]);
  return count * size === length ? whole : slice(whole, [0], [length], { axes: [2] });
}
