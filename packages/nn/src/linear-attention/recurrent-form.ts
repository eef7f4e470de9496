// B rows, H heads, T tokens, K width of queries and keys, V width of values

import {
  add,
  full,
  matmul,
  mul,
  scan,
  squeeze,
  type Tensor,
  transpose,
  unsqueeze,
} from "@quire/tensor";
import type { LinearOperands } from "../linear-attention.ts";
import { decays } from "./decay.ts";

/** Linear attention token by token, as it is defined (Qin et al. 2024, eq. 17). `-> [B, H, T, V]` */
export function recurrentForm(operands: LinearOperands, slopes: readonly number[]): Tensor {
  const [batch, heads, , inner] = operands[0].shape as [number, number, number, number];
  const walked = operands.map((x) => unsqueeze(transpose(x, [2, 0, 1, 3]), [3]));
  const none = full([batch, heads, inner, operands[2].shape[3] as number], 0);
  const { ys } = scan(
    (sums, token) => {
      const [mixed, next] = readToken(sums, token as unknown as LinearOperands, slopes);
      return { carry: next, y: mixed };
    },
    none,
    walked,
  );
  return squeeze(transpose(ys, [1, 2, 0, 3, 4]), [3]);
}

/**
 * One token more: KV ← λ KV + kᵀ v, o = q KV. Query, key and value are `[B, H, 1, ...]`.
 * `[B, H, K, V] -> [B, H, 1, V], [B, H, K, V]`
 */
export function readToken(
  sums: Tensor,
  [query, key, value]: LinearOperands,
  slopes: readonly number[],
): readonly [mixed: Tensor, sums: Tensor] {
  const own = matmul(key, value, { transposeA: true });
  const next = add(mul(sums, decays(slopes, [1], [1, 1])), own);
  return [matmul(query, next), next];
}
