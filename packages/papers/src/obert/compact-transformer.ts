// B images, C channels, H rows, W columns, N tokens, D width, K classes

import {
  Convolution,
  Encoder,
  inference,
  kaimingNormal,
  type Layer,
  LearnedPositions,
  Linear,
  type Mode,
  Module,
  SequencePooling,
} from "@quire/nn";
import { dims, maxPool, relu, reshape, type Tensor, transpose } from "@quire/tensor";
import type { ImageTarget } from "../tasks/image-target.ts";

/** What a compact transformer is made of. */
export interface CompactOptions {
  readonly width: number;
  readonly depth: number;
  readonly heads: number;
  readonly ratio: number;
}

/**
 * A compact convolutional transformer (Hassani et al. 2021) with one convolution of 7 and a stride of 2: a second kind
 * of model that is pruned. `[B, C, H, W] -> [B, K]`
 */
export class CompactTransformer extends Module implements Layer {
  readonly tokenizer: Convolution;
  readonly positions: LearnedPositions;
  readonly encoder: Encoder;
  readonly pooling: SequencePooling;
  readonly head: Linear;

  constructor({ width, depth, heads, ratio }: CompactOptions, target: ImageTarget) {
    super();
    const { height, width: columns, channels, classes } = target;
    const shape = { in: channels, out: width, kernel: [7, 7], bias: false, initial: kaimingNormal };
    this.tokenizer = new Convolution(shape, { stride: 2, padding: 3 });
    const tokens = Math.ceil(height / 4) * Math.ceil(columns / 4);
    this.positions = new LearnedPositions({ length: tokens, width });
    const block = { width, attention: { heads, dropout: 0.1 }, feedForward: { ratio } };
    this.encoder = new Encoder({ depth, block, stochasticDepth: 0.1 });
    this.pooling = new SequencePooling({ width });
    this.head = new Linear({ in: width, out: classes });
  }

  /** `[B, C, H, W] -> [B, K]` */
  forward(images: Tensor, mode: Mode = inference): Tensor {
    const bent = relu(this.tokenizer.forward(images));
    const pooled = maxPool(bent, { kernel: 3, stride: 2, padding: 1 });
    const { B, D, H, W } = dims(pooled, "B D H W");
    const tokens = transpose(reshape(pooled, [B, D, H * W]), [0, 2, 1]);
    const read = this.encoder.forward(this.positions.forward(tokens), mode);
    return this.head.forward(this.pooling.forward(read));
  }
}
