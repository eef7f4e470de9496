// B rows, H heads, T tokens, K width of queries and keys, V width of values, N blocks, S tokens of a block

import {
  add,
  full,
  matmul,
  mul,
  pad,
  reshape,
  scan,
  slice,
  type Tensor,
  transpose,
} from "@quire/tensor";
import type { LinearOperands } from "../linear-attention.ts";
import { decayMask, decays } from "./decay.ts";

/**
 * Linear attention by blocks (Qin et al. 2024, algorithm 5): pairs of tokens within a block by a table, all before the
 * block by the sum of their kᵀ v. Tables and products of all blocks are computed at once; the loop over the blocks
 * only adds up their sums, so that it costs next to nothing. `-> [B, H, T, V]`
 */
export function blockForm(
  operands: LinearOperands,
  slopes: readonly number[],
  block: number,
): Tensor {
  const [batch, heads, length] = operands[0].shape as [number, number, number];
  const size = Math.min(block, length);
  const count = Math.ceil(length / size);
  const [query, key, value] = operands.map((x) => inBlocks(x, count, size)) as [
    Tensor,
    Tensor,
    Tensor,
  ];
  const mask = reshape(decayMask(slopes, size), [heads, 1, size, size]);
  const within = matmul(mul(matmul(query, key, { transposeB: true }), mask), value);
  const mixed = count === 1 ? within : add(within, fromBefore([query, key, value], slopes));
  const width = value.shape[4] as number;
  const whole = reshape(mixed, [batch, heads, count * size, width]);
  return count * size === length ? whole : slice(whole, [0], [length], { axes: [2] });
}

/** Zeros fill the last block: they add nothing to any sum. `[B, H, T, D] -> [B, H, N, S, D]` */
function inBlocks(x: Tensor, count: number, size: number): Tensor {
  const [batch, heads, length, width] = x.shape as [number, number, number, number];
  const missing = count * size - length;
  const whole = missing === 0 ? x : pad(x, { before: [0, 0, 0, 0], after: [0, 0, missing, 0] });
  return reshape(whole, [batch, heads, count, size, width]);
}

/** What each block's tokens take from all blocks before: Λ q (KV). `[B, H, N, S, ...] -> [B, H, N, S, V]` */
function fromBefore([query, key, value]: LinearOperands, slopes: readonly number[]): Tensor {
  const [batch, heads, , size, inner] = query.shape as [number, number, number, number, number];
  const places = Array.from({ length: size }, (_, place) => place);
  const toEnd = decays(
    slopes,
    places.map((place) => size - 1 - place),
    [1, size, 1],
  );
  const fromStart = decays(
    slopes,
    places.map((place) => place + 1),
    [1, size, 1],
  );
  const overBlock = decays(slopes, [size], [1, 1]);
  const added = matmul(mul(key, toEnd), value, { transposeA: true });
  const none = full([batch, heads, inner, value.shape[4] as number], 0);
  const { ys: before } = scan(
    (sums, own) => ({ carry: add(mul(sums, overBlock), own), y: sums }),
    none,
    transpose(added, [2, 0, 1, 3, 4]),
  );
  return mul(matmul(query, transpose(before, [1, 2, 0, 3, 4])), fromStart);
}
