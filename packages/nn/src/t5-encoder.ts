// B batch, L length, D width

import { geluTanh, reshape, type Tensor } from "@quire/tensor";
import { Embedding } from "./embedding.ts";
import { Encoder } from "./encoder.ts";
import { normal } from "./initial.ts";
import { inference, type Mode, Module } from "./module.ts";
import { separate } from "./projections.ts";
import { RelativePositions } from "./relative-positions.ts";
import { RMSNorm } from "./rms-norm.ts";

/** What an encoder of texts like T5's is made of. */
export interface T5EncoderOptions {
  readonly vocabulary: number;
  readonly width: number;
  readonly depth: number;
  readonly heads: number;
  /** Width of a head; the width / heads unless said. */
  readonly headWidth?: number;
  /** Width of the gated hidden layer. */
  readonly feedForward: number;
  readonly dropout?: number;
  /** Kinds of distances, and from where on they are one kind; 32 and 128 unless said. */
  readonly relative?: { readonly buckets: number; readonly furthest: number };
}

/**
 * The encoder of T5 1.1: RMS norms before each branch, learned biases of relative positions that all blocks share, gated
 * GELU, no other biases (Raffel et al. 2020, section 2.1; Shazeer 2020). T5 does not scale its products; here they are
 * scaled and queries begin as much larger, which is the same function. `[B, L] -> [B, L, D]`
 */
export class T5Encoder extends Module {
  readonly tokens: Embedding;
  readonly encoder: Encoder;

  constructor(options: T5EncoderOptions) {
    super();
    const { vocabulary, width, depth, heads, headWidth = width / heads, dropout = 0 } = options;
    const { buckets = 32, furthest = 128 } = options.relative ?? {};
    const initial = normal(1 / Math.sqrt(width));
    this.tokens = new Embedding({ count: vocabulary, width, initial: normal(1) });
    const initialOutput = normal(1 / Math.sqrt(heads * headWidth));
    this.encoder = new Encoder({
      depth,
      block: {
        ...{ width, dropout },
        attention: {
          heads: { count: heads, width: headWidth },
          bias: new RelativePositions({ heads, buckets, furthest, initial: normal(0.1) }),
          projections: separate({ initial, initialOutput, bias: false, outputBias: false }),
          dropout,
        },
        feedForward: {
          ...{ ratio: options.feedForward / width, activation: { gate: geluTanh }, bias: false },
          ...{ initial, initialOutput: normal(1 / Math.sqrt(options.feedForward)), dropout },
        },
        norm: (size) => new RMSNorm({ width: size, epsilon: 1e-6 }),
      },
    });
  }

  /** @param mask Which tokens are none of padding, bool `[B, L]`. */
  forward(ids: Tensor, mask: Tensor, mode: Mode = inference): Tensor {
    const [batch, length] = ids.shape as [number, number];
    const visible = reshape(mask, [batch, 1, 1, length]);
    return this.encoder.forward(this.tokens.forward(ids), mode, { mask: visible });
  }
}
