// B batch, T tokens, E width

import { dims, pad, reshape, type Tensor, transpose } from "@quire/tensor";
import { Convolution } from "../convolution.ts";
import { Module } from "../module.ts";

/** How neighbouring tokens are mixed, each channel on its own. */
export type TokenConvolutionOptions =
  | {
      /** Each token takes from those before it. */
      readonly kind: "causal";
      readonly kernel: number;
    }
  | {
      /** Tokens are places of a grid, row by row, and take from those around them; the kernel is odd. */
      readonly kind: "grid";
      readonly kernel: number;
      readonly rows: number;
    };

/** A depthwise convolution over tokens in a row or in a grid. `[B, T, E] -> [B, T, E]` */
export class TokenConvolution extends Module {
  readonly windows: Convolution;
  readonly options: TokenConvolutionOptions;

  constructor(width: number, options: TokenConvolutionOptions) {
    super();
    const { kind, kernel } = options;
    const sizes = kind === "causal" ? [kernel] : [kernel, kernel];
    const padding = kind === "causal" ? 0 : (kernel - 1) / 2;
    const layer = { in: width, out: width, kernel: sizes };
    this.windows = new Convolution(layer, { groups: width, padding });
    this.options = options;
  }

  /** `[B, T, E] -> [B, T, E]` */
  forward(x: Tensor): Tensor {
    const { B, T, E } = dims(x, "B T E");
    const planes = transpose(x, [0, 2, 1]);
    const { options } = this;
    if (options.kind === "causal") {
      const before = options.kernel - 1;
      const padded = pad(planes, { before: [0, 0, before], after: [0, 0, 0] });
      return transpose(this.windows.forward(padded), [0, 2, 1]);
    }
    const grid = reshape(planes, [B, E, options.rows, T / options.rows]);
    return transpose(reshape(this.windows.forward(grid), [B, E, T]), [0, 2, 1]);
  }
}
