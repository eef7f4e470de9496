// B batch, T queries, S keys, D width, H heads, G heads of keys and values, K width of a head

import {
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
import { type Heads, headSizes, repeatHeads, toHeads } from "./heads.ts";
import type { Linear } from "./linear.ts";
import type { Reading } from "./memory/reading.ts";
import { inference, type Mode, Module } from "./module.ts";
import { type Division, undivided } from "./parallel/division.ts";
import { columns, rows } from "./parallel/linear.ts";
import { type Projections, separate } from "./projections.ts";
import type { Rotary } from "./rotary.ts";

/** What multi-head attention is made of. */
export interface AttentionOptions {
  /** Width of its input and output. */
  readonly width: number;
  /** How many heads there are, or how the width is divided into heads of another width or shared keys. */
  readonly heads: number | Heads;
  /** Width of what keys and values are made from in cross-attention; the width unless said. */
  readonly contextWidth?: number;
  /** Whether a position sees only itself and those before it; false unless said. */
  readonly causal?: boolean;
  /** Added to the scaled products, or hides keys. */
  readonly bias?: AttentionBias;
  /** Turns queries and keys by their positions. */
  readonly rotary?: Rotary;
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
  /** Goes on from the tokens that were read before, in causal attention. */
  readonly reading?: Reading;
}

/** Multi-head attention, to itself or across (Vaswani et al. 2017, section 3.2.2). `[B, T, D] -> [B, T, D]` */
export class Attention extends Module {
  readonly query: Linear | undefined;
  readonly key: Linear | undefined;
  readonly value: Linear | undefined;
  readonly queryKeyValue: Linear | undefined;
  readonly output: Linear;
  /** Processes that divide the heads. */
  readonly division: Division;
  /** The heads of this process. */
  readonly heads: number;
  /** Its heads of keys and values. */
  readonly groups: number;
  readonly headWidth: number;
  readonly causal: boolean;
  readonly bias: AttentionBias | undefined;
  readonly rotary: Rotary | undefined;
  readonly dropout: number;

  constructor(options: AttentionOptions) {
    super();
    const { width, contextWidth = width } = options;
    const { count, keyValue, width: headWidth } = headSizes(width, options.heads);
    const { bias = true, outputBias = true, ...layout } = options.projections ?? separate();
    const { division = undivided } = layout;
    const [inner, shared] = [count * headWidth, keyValue * headWidth];
    const linear = (from: number, to: number): Linear =>
      columns({ in: from, out: to, bias, ...filledBy(layout.initial) }, division);
    if (layout.layout === "fused") {
      checkUndivided(division);
      checkFused(width, contextWidth);
      this.queryKeyValue = linear(width, inner + 2 * shared);
    } else {
      this.query = linear(width, inner);
      this.key = linear(contextWidth, shared);
      this.value = linear(contextWidth, shared);
    }
    const filled = filledBy(layout.initialOutput ?? layout.initial);
    this.output = rows({ in: inner, out: width, bias: outputBias, ...filled }, division);
    this.division = division;
    this.heads = division.share(count, "heads");
    this.groups = division.share(keyValue, "heads of keys and values");
    this.headWidth = headWidth;
    this.causal = options.causal ?? false;
    this.bias = options.bias;
    this.rotary = options.rotary;
    this.dropout = options.dropout ?? 0;
  }

  /** `[B, T, D] -> [B, T, D]` */
  forward(x: Tensor, mode: Mode = inference, inputs: AttentionInputs = {}): Tensor {
    const [query, key, value] = this.#project(x, inputs);
    if (inputs.reading) return this.#continue([query, key, value], inputs);
    const q = toHeads(query, this.heads);
    const [k, v] = [key, value].map((y) => repeatHeads(toHeads(y, this.groups), this.heads)) as [
      Tensor,
      Tensor,
    ];
    const mixed = scaledDotProductAttention(q, k, v, {
      causal: this.causal,
      ...this.#weighing(q, k, inputs.mask),
      ...this.#keeping(q, k, mode),
    });
    return this.output.forward(reshape(transpose(mixed, [0, 2, 1, 3]), query.shape));
  }

  /** Query, `[B, T, H K]`, and key and value, `[B, S, G K]`; turned, if they turn. */
  #project(x: Tensor, { context, reading }: AttentionInputs): [Tensor, Tensor, Tensor] {
    const [query, key, value] = this.#layers(x, context);
    if (!this.rotary) return [query, key, value];
    const turned = [query, key].map((y) =>
      this.rotary?.forward(y, this.headWidth, reading?.positions),
    );
    return [...(turned as [Tensor, Tensor]), value];
  }

  #layers(x: Tensor, context: Tensor | undefined): readonly [Tensor, Tensor, Tensor] {
    const { query, key, value, queryKeyValue, division } = this;
    if (query && key && value) {
      const own = division.enter(x);
      const from = context ? division.enter(context) : own;
      return [query.forward(own), key.forward(from), value.forward(from)];
    }
    if (context) {
      throw new QuireError("Attention: fused() projections take no context; use separate().");
    }
    const all = (queryKeyValue as Linear).forward(x);
    const [inner, shared] = [this.heads * this.headWidth, this.groups * this.headWidth];
    return split(all, [inner, shared, shared], -1) as [Tensor, Tensor, Tensor];
  }

  /** Attention to what was read before. `-> [B, T, D]` */
  #continue(
    [query, key, value]: readonly [Tensor, Tensor, Tensor],
    { context, mask, reading }: AttentionInputs,
  ): Tensor {
    if (!this.causal || context || mask !== undefined) {
      throw new QuireError(
        "Attention: only causal attention to its own input, without a mask, goes on from a reading.",
      );
    }
    const { heads, groups, bias } = this;
    const mixed = (reading as Reading).attend(this, { query, key, value, heads, groups, bias });
    return this.output.forward(mixed);
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
  #keeping(q: Tensor, k: Tensor, mode: Mode): { keep?: Tensor } {
    const { training, random } = this.division.apart(mode);
    if (!training || !random || this.dropout === 0) return {};
    const shape = [...q.shape.slice(0, 3), k.shape[2] as number];
    return { keep: dropout(full(shape, 1), this.dropout, random.next()) };
  }
}

function filledBy(initial: Initializer | undefined): { initial?: Initializer } {
  return initial ? { initial } : {};
}

function checkUndivided({ group }: Division): void {
  if (group.size === 1) return;
  throw new QuireError("Attention: fused() projections cannot be divided; use separate().");
}

function checkFused(width: number, contextWidth: number): void {
  if (width === contextWidth) return;
  throw new QuireError(
    `Attention: fused() projections need one width, got ${width} and a context of ${contextWidth}; use separate().`,
  );
}
