// B batch, T queries, S keys, D width, H heads, K width of a head

import {
  dims,
  dropout,
  full,
  type Initializer,
  logicalAnd,
  type Operand,
  QuireError,
  reshape,
  scaledDotProductAttention,
  split,
  type Tensor,
  transpose,
} from "@quire/tensor";
import type { AttentionBias } from "./attention-bias.ts";
import { Linear } from "./linear.ts";
import { inference, type Mode, Module } from "./module.ts";
import { type Projections, separate } from "./projections.ts";

/** What multi-head attention is made of. */
export interface AttentionOptions {
  /** Width of its input and output. */
  readonly width: number;
  readonly heads: number;
  /** Width of a head; width / heads unless said. */
  readonly headWidth?: number;
  /** Width of what keys and values are made from in cross-attention; the width unless said. */
  readonly contextWidth?: number;
  /** Whether a position sees only itself and those before it; false unless said. */
  readonly causal?: boolean;
  /** Added to the scaled products, or hides keys. */
  readonly bias?: AttentionBias;
  /** Layout of the linear layers: `separate()` unless said, or `fused()`. */
  readonly projections?: Projections;
  /** Share of the attention weights dropped in training; 0 unless said. */
  readonly dropout?: number;
}

/** What one call of attention is given beside its input. */
export interface AttentionInputs {
  /** What keys and values are made from, `[B, S, C]`; the input itself unless said. */
  readonly context?: Tensor;
  /** True where attending is allowed; broadcasts to `[B, H, T, S]`. */
  readonly mask?: Operand;
}

/** Multi-head attention, to itself or across (Vaswani et al. 2017, section 3.2.2). `[B, T, D] -> [B, T, D]` */
export class Attention extends Module {
  readonly query: Linear | undefined;
  readonly key: Linear | undefined;
  readonly value: Linear | undefined;
  readonly queryKeyValue: Linear | undefined;
  readonly output: Linear;
  readonly heads: number;
  readonly headWidth: number;
  readonly causal: boolean;
  readonly bias: AttentionBias | undefined;
  readonly dropout: number;

  constructor(options: AttentionOptions) {
    super();
    const { width, heads, headWidth = width / heads, contextWidth = width } = options;
    const { bias = true, outputBias = true, ...layout } = options.projections ?? separate();
    checkHeads(width, heads, headWidth);
    const inner = heads * headWidth;
    const linear = (from: number, to: number): Linear =>
      new Linear({ in: from, out: to, bias, ...filledBy(layout.initial) });
    if (layout.layout === "fused") {
      checkFused(width, contextWidth);
      this.queryKeyValue = linear(width, 3 * inner);
    } else {
      this.query = linear(width, inner);
      this.key = linear(contextWidth, inner);
      this.value = linear(contextWidth, inner);
    }
    const filled = filledBy(layout.initialOutput ?? layout.initial);
    this.output = new Linear({ in: inner, out: width, bias: outputBias, ...filled });
    this.heads = heads;
    this.headWidth = headWidth;
    this.causal = options.causal ?? false;
    this.bias = options.bias;
    this.dropout = options.dropout ?? 0;
  }

  /** `[B, T, D] -> [B, T, D]` */
  forward(x: Tensor, mode: Mode = inference, inputs: AttentionInputs = {}): Tensor {
    const { B, T } = dims(x, "B T D");
    const [q, k, v] = this.#project(x, inputs.context);
    const mixed = scaledDotProductAttention(q, k, v, {
      causal: this.causal,
      ...this.#weighing(q, k, inputs.mask),
      ...this.#keeping(q, k, mode),
    });
    const inner = this.heads * this.headWidth;
    return this.output.forward(reshape(transpose(mixed, [0, 2, 1, 3]), [B, T, inner]));
  }

  /** Query, key and value, each `[B, H, T, K]`. */
  #project(x: Tensor, context: Tensor | undefined): [Tensor, Tensor, Tensor] {
    const { query, key, value, queryKeyValue } = this;
    if (query && key && value) {
      const from = context ?? x;
      return [query.forward(x), key.forward(from), value.forward(from)].map((y) =>
        this.#heads(y),
      ) as [Tensor, Tensor, Tensor];
    }
    if (context) {
      throw new QuireError("Attention: fused() projections take no context; use separate().");
    }
    const all = (queryKeyValue as Linear).forward(x);
    return split(all, 3, -1).map((y) => this.#heads(y)) as [Tensor, Tensor, Tensor];
  }

  /** `[B, T, H K] -> [B, H, T, K]` */
  #heads(y: Tensor): Tensor {
    const { B, T } = dims(y, "B T D");
    return transpose(reshape(y, [B, T, this.heads, this.headWidth]), [0, 2, 1, 3]);
  }

  /** The own bias and the caller's mask together. */
  #weighing(q: Tensor, k: Tensor, mask: Operand | undefined): { bias?: Operand; mask?: Operand } {
    if (!this.bias) return mask === undefined ? {} : { mask };
    const [queries, keys] = [q.shape[2] as number, k.shape[2] as number];
    const own = this.bias.forward({ heads: this.heads, queries, keys });
    if (own.dtype === "bool") return { mask: mask === undefined ? own : logicalAnd(own, mask) };
    return mask === undefined ? { bias: own } : { bias: own, mask };
  }

  /** 0 for a dropped weight, 1 / (1 - rate) for a kept one. */
  #keeping(q: Tensor, k: Tensor, { training, random }: Mode): { keep?: Tensor } {
    if (!training || !random || this.dropout === 0) return {};
    const shape = [...q.shape.slice(0, 3), k.shape[2] as number];
    return { keep: dropout(full(shape, 1), this.dropout, random.next()) };
  }
}

function filledBy(initial: Initializer | undefined): { initial?: Initializer } {
  return initial ? { initial } : {};
}

function checkHeads(width: number, heads: number, headWidth: number): void {
  if (Number.isInteger(headWidth) && headWidth > 0) return;
  throw new QuireError(
    `Attention: the width ${width} does not divide into ${heads} heads; change one, or give headWidth.`,
  );
}

function checkFused(width: number, contextWidth: number): void {
  if (width === contextWidth) return;
  throw new QuireError(
    `Attention: fused() projections need one width, got ${width} and a context of ${contextWidth}; use separate().`,
  );
}
