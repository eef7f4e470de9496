// B batch, T queries, S keys, D width, H heads, K width of a head

import {
  add,
  constant,
  dims,
  hostTensor,
  type Initializer,
  iota,
  less,
  lessEqual,
  logicalAnd,
  matmul,
  mul,
  type Operand,
  pad,
  QuireError,
  reshape,
  scaledDotProductAttention,
  slice,
  sub,
  type Tensor,
  transpose,
  Variable,
  where,
} from "@quire/tensor";
import { type Heads, headSizes, toHeads } from "./heads.ts";
import { Linear } from "./linear.ts";
import { Module } from "./module.ts";

/** What attention with relative positions is made of. */
export interface RelativeAttentionOptions {
  /** Width of its input and output. */
  readonly width: number;
  /** How many heads there are, or how many of which width. */
  readonly heads: number | Heads;
  /** The furthest back that a query sees; all keys before it unless said. */
  readonly furthest?: number;
  /** How the weights of the linear layers are filled. */
  readonly initial?: Initializer;
}

/** What is added to scores, `[B, H, T, S]`, and where attending is allowed, which broadcasts to it. */
interface Seen {
  readonly bias: Tensor;
  readonly mask: Tensor;
}

/**
 * Causal attention whose scores depend on contents and distance, each with a bias of the head's own (Transformer-XL, Dai
 * et al. 2019, section 3.3): ((q + u) · k + (q + v) · W_R r_{i-j}) / √K, where r is the sine vector of a distance. The
 * linear layers have no bias, as in the official code. Queries stand at the end of what keys and values are made from:
 * memory comes before them.
 */
export class RelativeAttention extends Module {
  readonly query: Linear;
  readonly key: Linear;
  readonly value: Linear;
  /** W_R: makes keys of distances. */
  readonly position: Linear;
  readonly output: Linear;
  /** u, added to queries for contents. `[H, 1, K]` */
  readonly contentBias: Variable;
  /** v, added to queries for distances. `[H, 1, K]` */
  readonly positionBias: Variable;
  readonly heads: number;
  readonly headWidth: number;
  readonly furthest: number | undefined;

  constructor({ width, heads, furthest, initial }: RelativeAttentionOptions) {
    super();
    const { count, keyValue, width: headWidth } = headSizes(width, heads);
    if (keyValue !== count) {
      throw new QuireError(
        "RelativeAttention: every head has keys of its own; leave keyValue out.",
      );
    }
    const linear = (from: number, to: number): Linear =>
      new Linear({ in: from, out: to, bias: false, ...(initial && { initial }) });
    const inner = count * headWidth;
    this.query = linear(width, inner);
    this.key = linear(width, inner);
    this.value = linear(width, inner);
    this.position = linear(width, inner);
    this.output = linear(inner, width);
    this.contentBias = new Variable([count, 1, headWidth]);
    this.positionBias = new Variable([count, 1, headWidth]);
    this.heads = count;
    this.headWidth = headWidth;
    this.furthest = furthest;
  }

  /**
   * `[B, T, D], [B, S, D] -> [B, T, D]`
   *
   * @param context What keys and values are made from, x at its end; x alone unless said.
   * @param mask True where attending is allowed; broadcasts to `[B, H, T, S]`.
   */
  forward(x: Tensor, context: Tensor = x, mask?: Operand): Tensor {
    const { B, T } = dims(x, "B T D");
    const { S, D } = dims(context, "B S D");
    const { heads, headWidth } = this;
    const query = toHeads(this.query.forward(x), heads);
    const places = toHeads(this.position.forward(distanceVectors(S, D)), heads);
    const byDistance = matmul(add(query, this.positionBias), places, { transposeB: true });
    const seen = {
      bias: mul(shifted(byDistance), 1 / Math.sqrt(headWidth)),
      mask: mask === undefined ? this.#visible(T, S) : logicalAnd(this.#visible(T, S), mask),
    };
    const asked = add(query, this.contentBias);
    const mixed = this.#readsContext(T, D)
      ? this.#mixContext(asked, context, seen)
      : this.#mixHeads(asked, context, seen);
    return this.output.forward(reshape(transpose(mixed, [0, 2, 1, 3]), [B, T, heads * headWidth]));
  }

  /** Keys and values of each head are made first. `[B, H, T, K], [B, S, D] -> [B, H, T, K]` */
  #mixHeads(query: Tensor, context: Tensor, seen: Seen): Tensor {
    const [key, value] = [this.key, this.value].map((layer) =>
      toHeads(layer.forward(context), this.heads),
    ) as [Tensor, Tensor];
    return scaledDotProductAttention(query, key, value, seen);
  }

  /**
   * The same in another order: q · (W_K c) is (W_Kᵀ q) · c, and a mix of W_V c is W_V of a mix of c. The context itself is
   * what all heads' queries read, so that no key or value is made of it. `[B, H, T, K], [B, S, D] -> [B, H, T, K]`
   */
  #mixContext(query: Tensor, context: Tensor, { bias, mask }: Seen): Tensor {
    const { B, S, D } = dims(context, "B S D");
    const { T } = dims(query, "B H T K");
    const { heads, headWidth } = this;
    const [keys, values] = [this.key, this.value].map(({ weight }) =>
      reshape(weight, [heads, headWidth, D]),
    ) as [Tensor, Tensor];
    const questions = reshape(matmul(query, keys), [B, heads * T, D]);
    const allowed = where(mask, bias, Number.NEGATIVE_INFINITY);
    const read = scaledDotProductAttention(questions, context, context, {
      bias: reshape(allowed, [B, heads * T, S]),
      scale: 1 / Math.sqrt(headWidth),
    });
    return matmul(reshape(read, [B, heads, T, D]), values, { transposeB: true });
  }

  /** Whether so few queries take fewer products to the context than keys and values take that are made of it. */
  #readsContext(queries: number, width: number): boolean {
    const { heads, headWidth, key, value } = this;
    const inner = heads * headWidth;
    const isPlain = !key.adapter && !value.adapter;
    return isPlain && queries * heads * width < inner * (width + queries);
  }

  /** True at keys that are at or before the query, and not too far back. `-> [T, S]` */
  #visible(queries: number, keys: number): Tensor {
    const back = sub(add(iota([queries, keys], 0), keys - queries), iota([queries, keys], 1));
    const isBefore = lessEqual(0, back);
    return this.furthest === undefined
      ? isBefore
      : logicalAnd(isBefore, less(back, this.furthest + 1));
  }
}

/** Sine vectors of the distances S - 1, ..., 1, 0: first sines, then cosines, as Transformer-XL has them. `-> [1, S, D]` */
function distanceVectors(length: number, width: number): Tensor {
  const data = new Float32Array(length * width);
  const half = Math.ceil(width / 2);
  for (let row = 0; row < length; row++) {
    for (let column = 0; column < width; column++) {
      const angle = (length - 1 - row) / 10_000 ** ((2 * (column % half)) / width);
      data[row * width + column] = column < half ? Math.sin(angle) : Math.cos(angle);
    }
  }
  return constant(hostTensor(data, [1, length, width]));
}

/**
 * Moves each query's row so that columns, which were distances S - 1, ..., 0, are keys 0, ..., S - 1 (appendix B of the
 * paper). What comes to stand after a query's own place means nothing. `[B, H, T, S] -> [B, H, T, S]`
 */
function shifted(scores: Tensor): Tensor {
  const [batch, heads, queries, keys] = scores.shape as [number, number, number, number];
  if (queries === 1) return scores;
  const wide = pad(scores, { before: [0, 0, 0, 1], after: [0, 0, 0, 0] });
  const turned = reshape(wide, [batch, heads, keys + 1, queries]);
  const rest = slice(turned, [1], [keys + 1], { axes: [2] });
  return reshape(rest, [batch, heads, queries, keys]);
}
