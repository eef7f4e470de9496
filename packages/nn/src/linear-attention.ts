// B rows, H heads, T tokens, K width of queries and keys, V width of values

import { matmul, mul, type Shape, ShapeError, type Tensor } from "@quire/tensor";
import { blockForm } from "./linear-attention/block-form.ts";
import { decayMask } from "./linear-attention/decay.ts";
import { recurrentForm } from "./linear-attention/recurrent-form.ts";

/**
 * How linear attention is computed; all forms give the same. `quadratic` takes a table of all pairs of tokens, in time
 * T² (K + V). `recurrent` goes token by token, as it is defined, in time T K V. `blocks` takes tables of the pairs of
 * a block, and sums over the blocks before, in time T K V + T S (K + V) for blocks of S tokens.
 */
export type LinearAttentionForm = "blocks" | "quadratic" | "recurrent";

/** How linear attention weighs and is computed. */
export interface LinearAttentionOptions {
  /** Each head's s from 0 up: what was read t tokens ago counts e^(-s t). Nothing fades unless said. */
  readonly slopes?: readonly number[];
  /** `blocks` unless said. */
  readonly form?: LinearAttentionForm;
  /** Tokens of a block; 64 unless said. */
  readonly block?: number;
}

/** What linear attention takes: `[B, H, T, K]`, `[B, H, T, K]` and `[B, H, T, V]`. */
export type LinearOperands = readonly [query: Tensor, key: Tensor, value: Tensor];

const BLOCK = 64;

/**
 * Causal attention without a softmax: oₜ = Σ e^(-s (t - m)) (qₜ · kₘ) vₘ over all m up to t (Katharopoulos et al.
 * 2020, section 3.3, with the decay of Qin et al. 2024, eq. 16). `-> [B, H, T, V]`
 *
 * @throws ShapeError when the operands do not fit each other, or the slopes the heads.
 */
export function linearAttention(
  operands: LinearOperands,
  { slopes, form = "blocks", block = BLOCK }: LinearAttentionOptions = {},
): Tensor {
  const fading = slopesFor(operands, slopes);
  if (form === "recurrent") return recurrentForm(operands, fading);
  if (form === "quadratic") return quadraticForm(operands, fading);
  if (!Number.isInteger(block) || block < 1) {
    const rule = `a block has a whole number of tokens from 1 up, got ${block}.`;
    throw new ShapeError("linearAttention", rule, operands);
  }
  return blockForm(operands, fading, block);
}

/** ((q kᵀ) ⊙ M) v with M of eq. 31. */
function quadraticForm([query, key, value]: LinearOperands, slopes: readonly number[]): Tensor {
  const weights = matmul(query, key, { transposeB: true });
  return matmul(mul(weights, decayMask(slopes, query.shape[2] as number)), value);
}

/**
 * The slopes of all heads.
 *
 * @throws ShapeError when the operands do not fit each other, or the slopes the heads.
 */
export function slopesFor(
  operands: LinearOperands,
  slopes: readonly number[] | undefined,
): readonly number[] {
  const [query, key, value] = operands;
  const same = (a: Shape, b: Shape): boolean => a.join() === b.join();
  const fit =
    query.shape.length === 4 &&
    same(query.shape, key.shape) &&
    same(query.shape.slice(0, 3), value.shape.slice(0, -1));
  if (!fit) {
    const got = operands.map(({ shape }) => `[${shape.join(", ")}]`).join(", ");
    const rule = `needs q and k [B, H, T, K] and v [B, H, T, V], got ${got}.`;
    throw new ShapeError("linearAttention", rule, operands);
  }
  const heads = query.shape[1] as number;
  const all = slopes ?? new Array<number>(heads).fill(0);
  if (all.length !== heads || all.some((slope) => !(slope >= 0))) {
    const rule = `needs a slope from 0 up for each of ${heads} heads, got ${all.join(", ")}.`;
    throw new ShapeError("linearAttention", rule, operands);
  }
  return all;
}
