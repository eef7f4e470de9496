// B batch, T length, D width, V vocabulary

import type { Tensor } from "@quire/tensor";
import { Embedding } from "./embedding.ts";
import { Encoder } from "./encoder.ts";
import { swiglu } from "./feed-forward.ts";
import { normal } from "./initial.ts";
import { Linear } from "./linear.ts";
import { inference, type Mode, Module } from "./module.ts";
import { separate } from "./projections.ts";
import { RMSNorm } from "./rms-norm.ts";
import { rotary } from "./rotary.ts";
import type { ReadingInputs } from "./transformer.ts";

/** What a language model like LLaMA is made of. */
export interface LlamaOptions {
  /** How many different tokens there are. */
  readonly vocabulary: number;
  readonly width: number;
  /** How many blocks there are. */
  readonly depth: number;
  readonly heads: number;
  /** Width of the hidden layer of SwiGLU. */
  readonly feedForward: number;
}

/**
 * A language model with softmax attention as LLaMA has it: rotary positions, pre-norm blocks with RMSNorm, SwiGLU, no
 * biases, an untied head (Touvron et al. 2023, section 2.2). `[B, T] -> [B, T, V]`
 */
export class Llama extends Module {
  readonly tokens: Embedding;
  readonly encoder: Encoder;
  readonly head: Linear;

  constructor({ vocabulary, width, depth, heads, feedForward }: LlamaOptions) {
    super();
    const initial = normal(0.02);
    const projections = separate({ initial, bias: false, outputBias: false });
    this.tokens = new Embedding({ count: vocabulary, width, initial });
    this.encoder = new Encoder({
      depth,
      block: {
        width,
        attention: { heads, causal: true, rotary: rotary(), projections },
        feedForward: { ratio: feedForward / width, activation: swiglu, bias: false, initial },
        norm: (size) => new RMSNorm({ width: size }),
      },
    });
    this.head = new Linear({ in: width, out: vocabulary, bias: false, initial });
  }

  /**
   * The logits of the token after each one, or, where it goes on from what was read, of the one after each row's
   * last. `[B, T] -> [B, T, V]`, or `[B, 1, V]`
   */
  forward(ids: Tensor, mode: Mode = inference, inputs: ReadingInputs = {}): Tensor {
    const x = this.encoder.forward(this.tokens.forward(ids), mode, inputs);
    return this.head.forward(inputs.reading ? inputs.reading.last(x) : x);
  }
}
