// B rows, H heads, T new tokens, K width of queries and keys, V width of values

import {
  arange,
  cast,
  exp,
  less,
  matmul,
  mul,
  reshape,
  sub,
  type Tensor,
  unsqueeze,
  where,
} from "@quire/tensor";
import { fading } from "../linear-attention/decay.ts";
import { readToken } from "../linear-attention/recurrent-form.ts";
import {
  type LinearAttentionOptions,
  type LinearOperands,
  linearAttention,
  slopesFor,
} from "../linear-attention.ts";
import type { Reading } from "./reading.ts";

/**
 * Linear attention of new tokens to themselves and to those read before, of which the sums Σ e^(-s (t - m)) kₘᵀ vₘ are
 * kept, as many numbers however many tokens there were. `[B, H, T, K], [B, H, T, K], [B, H, T, V] -> [B, H, T, V]`
 */
export function attendToSums(
  reading: Reading,
  owner: object,
  operands: LinearOperands,
  options: LinearAttentionOptions = {},
): Tensor {
  const [, key, value] = operands;
  const slopes = slopesFor(operands, options.slopes);
  if (reading.isFirst) {
    reading.keep(owner, "sums", sumsOf(reading, [key, value], slopes));
    return linearAttention(operands, options);
  }
  const shape = [...key.shape.slice(1, 2), key.shape[3] as number, value.shape[3] as number];
  const [mixed, sums] = readToken(reading.kept(owner, "sums", shape), operands, slopes);
  reading.keep(owner, "sums", sums);
  return mixed;
}

/** The sums at each row's last real token; those that follow it count nothing. `-> [B, H, K, V]` */
function sumsOf(
  { counts, real }: Reading,
  [key, value]: readonly [Tensor, Tensor],
  slopes: readonly number[],
): Tensor {
  const [batch, , length] = key.shape as [number, number, number];
  const back = sub(sub(reshape(counts, [batch, 1]), 1), unsqueeze(arange(length), [0]));
  const steps = reshape(cast(where(less(back, 0), 0, back), "float32"), [batch, 1, length, 1]);
  const shares = exp(mul(steps, fading(slopes, 2)));
  const shown = where(reshape(real, [batch, 1, length, 1]), shares, 0);
  return matmul(mul(key, shown), value, { transposeA: true });
}
