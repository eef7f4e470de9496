// B batch, C channels, H rows, W columns

import { add, silu, type Tensor } from "@quire/tensor";
import { Convolution } from "./convolution.ts";
import { GroupNorm } from "./group-norm.ts";
import { Module } from "./module.ts";

/** The most groups that channels are normalised in. */
const MOST_GROUPS = 8;

/** Group normalisation in at most 8 groups, as many as divide the channels. */
export function groupNormOf(channels: number): GroupNorm {
  let groups = Math.min(MOST_GROUPS, channels);
  while (channels % groups !== 0) groups -= 1;
  return new GroupNorm({ channels, groups, epsilon: 1e-6 });
}

/** A convolution of 3 x 3 places that keeps the size, or halves it. */
export function places(channels: number, out: number, stride = 1): Convolution {
  return new Convolution({ in: channels, out, kernel: [3, 3] }, { padding: 1, stride });
}

/**
 * Twice group normalisation, SiLU and a convolution of 3 x 3, added to the input, which a convolution of 1 x 1 brings to
 * another number of channels (Ho et al. 2020, appendix B; Rombach et al. 2022, appendix G). `[B, C, H, W] -> [B, C', H, W]`
 */
export class ResidualConvolution extends Module {
  readonly firstNorm: GroupNorm;
  readonly first: Convolution;
  readonly secondNorm: GroupNorm;
  readonly second: Convolution;
  readonly shortcut: Convolution | undefined;

  /** @param channels Of the input, and of the output. */
  constructor(channels: number, out: number) {
    super();
    this.firstNorm = groupNormOf(channels);
    this.first = places(channels, out);
    this.secondNorm = groupNormOf(out);
    this.second = places(out, out);
    const changes = channels !== out;
    this.shortcut = changes ? new Convolution({ in: channels, out, kernel: [1, 1] }) : undefined;
  }

  /** `[B, C, H, W] -> [B, C', H, W]` */
  forward(x: Tensor): Tensor {
    const hidden = this.first.forward(silu(this.firstNorm.forward(x)));
    const branch = this.second.forward(silu(this.secondNorm.forward(hidden)));
    return add(this.shortcut ? this.shortcut.forward(x) : x, branch);
  }
}
