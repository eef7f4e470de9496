// B rows, H heads, T tokens, K width of queries and keys, V width of values

import { logSigmoid, ShapeError, type Tensor } from "@quire/tensor";
import { chunkedForm } from "./matrix-lstm/chunked-form.ts";
import type { ReadTokens } from "./matrix-lstm/normalized.ts";
import { parallelForm } from "./matrix-lstm/parallel-form.ts";
import { recurrentForm } from "./matrix-lstm/recurrent-form.ts";

/**
 * How a matrix LSTM is computed; all forms give the same. `parallel` takes a table of all pairs of tokens, in time
 * T² (K + V). `recurrent` goes token by token, as it is defined, in time T K V. `chunked` takes tables of the pairs
 * of a chunk and carries a state over the chunks, in time T K V + T S (K + V) for chunks of S tokens.
 */
export type MatrixLstmForm = "chunked" | "parallel" | "recurrent";

/** What a matrix LSTM reads; the gates are what their functions are applied to. */
export interface MatrixLstmInputs {
  /** `[B, H, T, K]` */
  readonly query: Tensor;
  /** `[B, H, T, K]` */
  readonly key: Tensor;
  /** `[B, H, T, V]` */
  readonly value: Tensor;
  /** `[B, H, T, 1]`, of which the exponential is taken. */
  readonly inputGate: Tensor;
  /** `[B, H, T, 1]`, of which the sigmoid is taken. */
  readonly forgetGate: Tensor;
}

/** How a matrix LSTM is computed. */
export interface MatrixLstmOptions {
  /** `chunked` unless said. */
  readonly form?: MatrixLstmForm;
  /** Tokens of a chunk; 64 unless said. */
  readonly chunk?: number;
}

const CHUNK = 64;

/**
 * The matrix memory of xLSTM (Beck et al. 2024, section 2.3): Cₜ = σ(fₜ) Cₜ₋₁ + e^iₜ kₜ vₜᵀ / √K,
 * nₜ = σ(fₜ) nₜ₋₁ + e^iₜ kₜ / √K, hₜ = Cₜᵀ qₜ / max(|nₜ · qₜ|, 1), with all of it scaled by e^-mₜ so that no
 * exponential overflows: mₜ is the largest logarithm of a weight up to t. `-> [B, H, T, V]`
 *
 * @throws ShapeError when the inputs do not fit each other, or a chunk has no tokens.
 */
export function matrixLstm(
  inputs: MatrixLstmInputs,
  { form = "chunked", chunk = CHUNK }: MatrixLstmOptions = {},
): Tensor {
  const { query, key, value, inputGate, forgetGate } = inputs;
  check([query, key, value, inputGate, forgetGate]);
  const read: ReadTokens = {
    ...{ query, key, value, inputGate },
    logForget: logSigmoid(forgetGate),
  };
  if (form === "recurrent") return recurrentForm(read);
  if (form === "parallel") return parallelForm(read);
  if (!Number.isInteger(chunk) || chunk < 1) {
    const rule = `a chunk has a whole number of tokens from 1 up, got ${chunk}.`;
    throw new ShapeError("matrixLstm", rule, [query]);
  }
  return chunkedForm(read, chunk);
}

function check(operands: readonly [Tensor, Tensor, Tensor, Tensor, Tensor]): void {
  const [query, key, value, ...gates] = operands;
  const rows = (x: Tensor): string => x.shape.slice(0, -1).join();
  const fit =
    query.shape.length === 4 &&
    query.shape.join() === key.shape.join() &&
    [value, ...gates].every((x) => x.shape.length === 4 && rows(x) === rows(query)) &&
    gates.every(({ shape }) => shape[3] === 1);
  if (fit) return;
  const got = operands.map(({ shape }) => `[${shape.join(", ")}]`).join(", ");
  const rule = `needs q and k [B, H, T, K], v [B, H, T, V] and gates [B, H, T, 1], got ${got}.`;
  throw new ShapeError("matrixLstm", rule, operands);
}
