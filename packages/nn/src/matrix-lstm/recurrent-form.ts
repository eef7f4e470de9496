// B rows, H heads, T tokens, K width of queries and keys, V width of values

import {
  add,
  exp,
  full,
  matmul,
  maximum,
  mul,
  reshape,
  scan,
  squeeze,
  stopGradient,
  sub,
  sum,
  type Tensor,
  transpose,
  unsqueeze,
} from "@quire/tensor";
import { fadedSum } from "./faded-sum.ts";
import { apart, NOTHING, normalized, type ReadTokens, scaledKey, withOnes } from "./normalized.ts";

/** What is carried from one token to the next. */
export interface MatrixLstmState {
  /** Memory and, as its last column, the normaliser, both over e^peak: `[B, H, K, V + 1]`. */
  readonly sums: Tensor;
  /** What rounding took from them, likewise. */
  readonly lost: Tensor;
  /** The largest logarithm of a weight so far, `[B, H, 1, 1]`. */
  readonly peak: Tensor;
}

/** Token by token (Beck et al. 2024, eq. 19-27 with the stabiliser of eq. 15). `-> [B, H, T, V]` */
export function recurrentForm(read: ReadTokens): Tensor {
  const [batch, heads, , inner] = read.query.shape as [number, number, number, number];
  const walk = (x: Tensor): Tensor => unsqueeze(transpose(x, [2, 0, 1, 3]), [3]);
  const none = full([batch, heads, inner, (read.value.shape[3] as number) + 1], 0);
  const { ys } = scan(
    readToken,
    {
      ...{ sums: none, lost: none },
      peak: full([batch, heads, 1, 1], NOTHING),
    },
    {
      query: walk(read.query),
      key: walk(scaledKey(read.key)),
      value: walk(withOnes(read.value)),
      inputGate: walk(read.inputGate),
      logForget: walk(read.logForget),
    },
  );
  return squeeze(transpose(ys, [1, 2, 0, 3, 4]), [3]);
}

/** One token more, whose key is scaled already; its parts are `[B, H, 1, ...]`. */
function readToken(
  { sums, lost, peak }: { sums: Tensor; lost: Tensor; peak: Tensor },
  token: { query: Tensor; key: Tensor; value: Tensor; inputGate: Tensor; logForget: Tensor },
) {
  const before = stopGradient(peak);
  const kept = add(token.logForget, before);
  const next = stopGradient(maximum(kept, token.inputGate));
  const written = mul(token.key, exp(sub(token.inputGate, next)));
  const own = matmul(written, token.value, { transposeA: true });
  const all = fadedSum({ sums, lost }, exp(sub(kept, next)), own);
  const { values } = apart(matmul(token.query, all.sums));
  // Not the product's last column: that adds up one by one, and what is left may be small beside its parts.
  const keys = reshape(apart(all.sums).weights, token.query.shape);
  const weights = sum(mul(token.query, keys), { axes: [-1], keepDims: true });
  return { carry: { ...all, peak: next }, y: normalized({ values, weights }, next) };
}
