import { groupNorm, type Operand, type Tensor, Variable } from "@quire/tensor";
import { Module } from "./module.ts";

/** What a group normalisation is made of. */
export interface GroupNormOptions {
  /** Channels of its input. */
  readonly channels: number;
  /** In how many groups the channels are normalised. */
  readonly groups: number;
  /** Added to the variance; 1e-5 unless said. */
  readonly epsilon?: number;
}

/**
 * Each example's groups of channels centred and divided by their deviation, with a learned scale and shift of each
 * channel (Wu and He 2018, eq. 7). `[B, C, ...space] -> [B, C, ...space]`
 */
export class GroupNorm extends Module {
  readonly weight: Variable;
  readonly bias: Variable;
  readonly groups: number;
  readonly epsilon: number;

  constructor({ channels, groups, epsilon = 1e-5 }: GroupNormOptions) {
    super();
    this.weight = new Variable([channels], { initial: 1 });
    this.bias = new Variable([channels]);
    this.groups = groups;
    this.epsilon = epsilon;
  }

  /** `[B, C, ...space] -> [B, C, ...space]` */
  forward(x: Operand): Tensor {
    const { groups, epsilon } = this;
    return groupNorm(x, this.weight, this.bias, { groups, epsilon });
  }
}
