// B batch, C channels, N patches, D width

import { Dropout, FeedForward, inference, LayerNorm, Linear, type Mode, Module } from "@quire/nn";
import { add, mul, softmax, type Tensor, transpose } from "@quire/tensor";

/** What a mixer layer is made of. */
export interface MixerOptions {
  readonly width: number;
  readonly patches: number;
  /** Channels that are mixed; none unless said, and then each channel is read by itself. */
  readonly channels?: number;
  /** Width of each hidden layer as a multiple of what is mixed. */
  readonly expansion: number;
  readonly gated: boolean;
  readonly dropout: number;
}

/// Section 3.3: products by shares that sum to 1, so that what matters is kept and the rest fades, at the price of one
/// linear layer and without attending from place to place.
/** Weighs values by a softmax of a linear layer of themselves. `[..., K] -> [..., K]` */
export class GatedAttention extends Module {
  readonly scores: Linear;

  constructor(width: number) {
    super();
    this.scores = new Linear({ in: width, out: width });
  }

  /** `[..., K] -> [..., K]` */
  forward(x: Tensor): Tensor {
    return mul(x, softmax(this.scores.forward(x), { axis: -1 }));
  }
}

/** Mixes values along one axis, and adds them to what came. `[B, C, N, D] -> [B, C, N, D]` */
export class Mixer extends Module {
  readonly norm: LayerNorm;
  readonly feedForward: FeedForward;
  readonly gate: GatedAttention | undefined;
  readonly dropout: Dropout;
  /** The order of axes that puts the mixed one last, and that puts it back. */
  readonly turned: readonly number[];

  constructor(axis: 1 | 2 | 3, length: number, { width, expansion, gated, dropout }: MixerOptions) {
    super();
    this.norm = new LayerNorm({ width });
    this.feedForward = new FeedForward({ width: length, ratio: expansion, dropout });
    this.gate = gated ? new GatedAttention(length) : undefined;
    this.dropout = new Dropout(dropout);
    this.turned = { 1: [0, 3, 2, 1], 2: [0, 1, 3, 2], 3: [0, 1, 2, 3] }[axis];
  }

  /** `[B, C, N, D] -> [B, C, N, D]` */
  forward(x: Tensor, mode: Mode = inference): Tensor {
    const last = transpose(this.norm.forward(x), this.turned);
    const mixed = this.dropout.forward(this.feedForward.forward(last, mode), mode);
    return add(x, transpose(this.gate?.forward(mixed) ?? mixed, this.turned));
  }
}

/// Section 3.3: between patches, then within each. The official code puts the mixer of channels first.
/** Mixers of channels, where they are mixed, of patches and of features. `[B, C, N, D] -> [B, C, N, D]` */
export class MixerLayer extends Module {
  readonly channels: Mixer | undefined;
  readonly patches: Mixer;
  readonly features: Mixer;

  constructor(options: MixerOptions) {
    super();
    const { channels, patches, width } = options;
    this.channels = channels === undefined ? undefined : new Mixer(1, channels, options);
    this.patches = new Mixer(2, patches, options);
    this.features = new Mixer(3, width, options);
  }

  /** `[B, C, N, D] -> [B, C, N, D]` */
  forward(x: Tensor, mode: Mode = inference): Tensor {
    const between = this.channels?.forward(x, mode) ?? x;
    return this.features.forward(this.patches.forward(between, mode), mode);
  }
}
