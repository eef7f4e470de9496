// B batch, T length, D width, V vocabulary

import type { Tensor } from "@quire/tensor";
import { Dropout } from "./dropout.ts";
import { Embedding } from "./embedding.ts";
import type { FeedForwardOptions } from "./feed-forward.ts";
import { normal } from "./initial.ts";
import { LayerNorm } from "./layer-norm.ts";
import { Linear } from "./linear.ts";
import type { Reading } from "./memory/reading.ts";
import { inference, type Layer, type Mode, Module } from "./module.ts";
import { LearnedPositions } from "./positions.ts";
import { separate } from "./projections.ts";
import { type MakeNorm, TransformerBlock } from "./transformer-block.ts";

/** What a decoder-only transformer is made of. */
export interface TransformerOptions {
  /** How many different tokens there are. */
  readonly vocabulary: number;
  readonly width: number;
  /** How many blocks there are. */
  readonly depth: number;
  readonly heads: number;
  /** The most tokens it can read. */
  readonly length: number;
  /** Share of values dropped in training, of embeddings and of every branch; 0 unless said. */
  readonly dropout?: number;
  readonly feedForward?: Pick<FeedForwardOptions, "ratio" | "activation" | "bias">;
  /** The normalisation; `LayerNorm` unless said. */
  readonly norm?: MakeNorm;
}

/** What one call of a language model is given beside its tokens. */
export interface ReadingInputs {
  /** Goes on from the tokens that were read before. */
  readonly reading?: Reading;
}

/**
 * A language model that reads from left to right: learned positions, pre-norm blocks, an untied head (Radford et
 * al. 2019, section 2.3, whose initialisation it takes). `[B, T] -> [B, T, V]`
 */
export class Transformer extends Module {
  readonly tokens: Embedding;
  readonly positions: LearnedPositions;
  readonly dropout: Dropout;
  readonly blocks: readonly TransformerBlock[];
  readonly norm: Layer;
  readonly head: Linear;
  /** The most tokens it can read. */
  readonly length: number;

  constructor(options: TransformerOptions) {
    super();
    const { vocabulary, width, depth, heads, length, dropout = 0 } = options;
    const { norm = (size) => new LayerNorm({ width: size }) } = options;
    const initial = normal(0.02);
    // Each of the 2 depth branches adds to the sum: smaller last weights keep its variance.
    const initialOutput = normal(0.02 / Math.sqrt(2 * depth));
    this.tokens = new Embedding({ count: vocabulary, width, initial });
    this.positions = new LearnedPositions({ length, width, initial });
    this.dropout = new Dropout(dropout);
    const projections = separate({ initial, initialOutput });
    this.blocks = Array.from({ length: depth }, () => {
      const attention = { heads, causal: true, projections, dropout };
      const feedForward = { ...options.feedForward, initial, initialOutput };
      return new TransformerBlock({ width, attention, feedForward, norm, dropout });
    });
    this.norm = norm(width);
    this.length = length;
    this.head = new Linear({ in: width, out: vocabulary, bias: false, initial });
  }

  /**
   * The logits of the token after each one, or, where it goes on from what was read, of the one after each row's
   * last. `[B, T] -> [B, T, V]`, or `[B, 1, V]`
   */
  forward(ids: Tensor, mode: Mode = inference, inputs: ReadingInputs = {}): Tensor {
    const { reading } = inputs;
    const embedded = this.positions.forward(this.tokens.forward(ids), reading?.positions);
    let x = this.dropout.forward(embedded, mode);
    for (const block of this.blocks) x = block.forward(x, mode, inputs);
    return this.head.forward(this.norm.forward(reading ? reading.last(x) : x, mode));
  }
}
