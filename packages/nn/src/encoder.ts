// B batch, T length, D width

import type { Tensor } from "@quire/tensor";
import { LayerNorm } from "./layer-norm.ts";
import { inference, type Layer, type Mode, Module } from "./module.ts";
import { linearRates } from "./stochastic-depth.ts";
import {
  type BlockInputs,
  TransformerBlock,
  type TransformerBlockOptions,
} from "./transformer-block.ts";

/** What a stack of transformer blocks is made of. */
export interface EncoderOptions {
  /** How many blocks there are. */
  readonly depth: number;
  /** What each of them is made of. */
  readonly block: Omit<TransformerBlockOptions, "stochasticDepth">;
  /** Share of the samples that skip a branch of the last block, growing evenly from 0; 0 unless said. */
  readonly stochasticDepth?: number;
}

/** A stack of transformer blocks; pre-norm blocks are followed by one more norm. `[B, T, D] -> [B, T, D]` */
export class Encoder extends Module {
  readonly blocks: readonly TransformerBlock[];
  readonly norm: Layer | undefined;

  constructor({ depth, block, stochasticDepth = 0 }: EncoderOptions) {
    super();
    const { norm = (width: number) => new LayerNorm({ width }), order = "pre", width } = block;
    this.blocks = linearRates(depth, stochasticDepth).map(
      (rate) => new TransformerBlock({ ...block, stochasticDepth: rate }),
    );
    this.norm = order === "pre" ? norm(width) : undefined;
  }

  /** `[B, T, D] -> [B, T, D]` */
  forward(x: Tensor, mode: Mode = inference, inputs: BlockInputs = {}): Tensor {
    let y = x;
    for (const block of this.blocks) y = block.forward(y, mode, inputs);
    return this.norm ? this.norm.forward(y, mode) : y;
  }
}
