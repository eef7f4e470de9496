// B batch, T tokens, D width

import { add, flip, type Tensor } from "@quire/tensor";
import { OffsetLayerNorm } from "./matrix-lstm/offset-norm.ts";
import { MatrixLstmLayer, type MatrixLstmLayerOptions } from "./matrix-lstm-layer.ts";
import { inference, type Layer, type Mode, Module } from "./module.ts";
import { StochasticDepth } from "./stochastic-depth.ts";

/** What a block of Vision-LSTM is made of. */
export interface VisionLstmBlockOptions {
  readonly width: number;
  /** Whether it reads from the first token on, or from the last. */
  readonly direction: "forward" | "backward";
  /** Share of the samples that skip the block in training; 0 unless said. */
  readonly stochasticDepth?: number;
  /** Whether the norms have shifts; false unless said. */
  readonly normBias?: boolean;
  readonly layer?: Omit<MatrixLstmLayerOptions, "width" | "normBias">;
}

/**
 * A block of Vision-LSTM: a norm and a layer with a matrix memory beside the stream, over the tokens in one direction
 * (Alkin et al. 2024, figure 1). `[B, T, D] -> [B, T, D]`
 */
export class VisionLstmBlock extends Module implements Layer {
  readonly norm: OffsetLayerNorm;
  readonly layer: MatrixLstmLayer;
  readonly depth: StochasticDepth;
  readonly direction: "forward" | "backward";

  constructor(options: VisionLstmBlockOptions) {
    super();
    const { width, direction, stochasticDepth = 0, normBias = false, layer } = options;
    this.norm = new OffsetLayerNorm({ width, bias: normBias });
    this.layer = new MatrixLstmLayer({ width, normBias, ...layer });
    this.depth = new StochasticDepth(stochasticDepth);
    this.direction = direction;
  }

  /** `[B, T, D] -> [B, T, D]` */
  forward(x: Tensor, mode: Mode = inference): Tensor {
    const turned = (tokens: Tensor): Tensor =>
      this.direction === "backward" ? flip(tokens, [1]) : tokens;
    const read = turned(this.layer.forward(turned(this.norm.forward(x))));
    return add(x, this.depth.forward(read, mode));
  }
}
