// B batch, T length, D width

import { add, type Operand, type Tensor } from "@quire/tensor";
import { Attention, type AttentionOptions } from "./attention.ts";
import { Dropout } from "./dropout.ts";
import { FeedForward, type FeedForwardOptions } from "./feed-forward.ts";
import { LayerNorm } from "./layer-norm.ts";
import type { Reading } from "./memory/reading.ts";
import { inference, type Layer, type Mode, Module } from "./module.ts";
import { StochasticDepth } from "./stochastic-depth.ts";

/** Makes a normalisation of a width: `(width) => new RMSNorm({ width })`. */
export type MakeNorm = (width: number) => Layer;

/** What a transformer block is made of. */
export interface TransformerBlockOptions {
  readonly width: number;
  readonly attention: Omit<AttentionOptions, "width">;
  /** Attention to a context after the block's own; none unless said. */
  readonly contextAttention?: Omit<AttentionOptions, "width">;
  readonly feedForward?: Omit<FeedForwardOptions, "width">;
  /** The normalisation; `LayerNorm` unless said. */
  readonly norm?: MakeNorm;
  /** Whether a branch's input is normalised, or the sum after it; `"pre"` unless said. */
  readonly order?: "pre" | "post";
  /** Share of each branch's output dropped in training; 0 unless said. */
  readonly dropout?: number;
  /** Share of the samples that skip a branch in training; 0 unless said. */
  readonly stochasticDepth?: number;
}

/** What one call of a block is given beside its input. */
export interface BlockInputs {
  /** True where attending is allowed; broadcasts to `[B, H, T, T]`. */
  readonly mask?: Operand;
  /** What the context attention attends to, `[B, S, C]`. */
  readonly context?: Tensor;
  /** Which of the context may be seen; broadcasts to `[B, H, T, S]`. */
  readonly contextMask?: Operand;
  /** Goes on from the tokens that were read before. */
  readonly reading?: Reading;
}

/**
 * Attention and a feed-forward network, each added to its input and normalised before (Xiong et al. 2020) or
 * after (Vaswani et al. 2017, section 3.1). `[B, T, D] -> [B, T, D]`
 */
export class TransformerBlock extends Module {
  readonly attentionNorm: Layer;
  readonly attention: Attention;
  readonly contextNorm: Layer | undefined;
  readonly contextAttention: Attention | undefined;
  readonly feedForwardNorm: Layer;
  readonly feedForward: FeedForward;
  readonly dropout: Dropout;
  readonly stochasticDepth: StochasticDepth;
  readonly order: "pre" | "post";

  constructor(options: TransformerBlockOptions) {
    super();
    const { width, norm = (size) => new LayerNorm({ width: size }), order = "pre" } = options;
    this.attentionNorm = norm(width);
    this.attention = new Attention({ ...options.attention, width });
    if (options.contextAttention) {
      this.contextNorm = norm(width);
      this.contextAttention = new Attention({ ...options.contextAttention, width });
    }
    this.feedForwardNorm = norm(width);
    this.feedForward = new FeedForward({ ...options.feedForward, width });
    this.dropout = new Dropout(options.dropout ?? 0);
    this.stochasticDepth = new StochasticDepth(options.stochasticDepth ?? 0);
    this.order = order;
  }

  /** `[B, T, D] -> [B, T, D]` */
  forward(x: Tensor, mode: Mode = inference, inputs: BlockInputs = {}): Tensor {
    const { mask, context, contextMask, reading } = inputs;
    const { attention, contextAttention, contextNorm, feedForward } = this;
    const own = { ...(mask !== undefined && { mask }), ...(reading && { reading }) };
    let y = this.#residual(x, this.attentionNorm, mode, (h) => attention.forward(h, mode, own));
    if (contextAttention && contextNorm && context) {
      const given = contextMask === undefined ? { context } : { context, mask: contextMask };
      y = this.#residual(y, contextNorm, mode, (h) => contextAttention.forward(h, mode, given));
    }
    return this.#residual(y, this.feedForwardNorm, mode, (h) => feedForward.forward(h, mode));
  }

  #residual(x: Tensor, norm: Layer, mode: Mode, branch: (x: Tensor) => Tensor): Tensor {
    const isPre = this.order === "pre";
    const dropped = this.dropout.forward(branch(isPre ? norm.forward(x, mode) : x), mode);
    const sum = add(x, this.stochasticDepth.forward(dropped, mode));
    return isPre ? sum : norm.forward(sum, mode);
  }
}
