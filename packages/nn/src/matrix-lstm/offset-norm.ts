// B batch, H heads, T tokens, C width of a head

import {
  add,
  full,
  layerNorm,
  mul,
  reshape,
  type Tensor,
  transpose,
  Variable,
} from "@quire/tensor";
import { Module } from "../module.ts";

/** What a norm is made of whose scale is learnt as its distance from 1. */
export interface OffsetNormOptions {
  readonly width: number;
  /** Whether a vector is added; false unless said. */
  readonly bias?: boolean;
  /** Added to the variance; 1e-5 unless said. */
  readonly epsilon?: number;
}

/** Layer normalisation whose scale is 1 and a weight, so that decay draws it to 1. `[..., D] -> [..., D]` */
export class OffsetLayerNorm extends Module {
  readonly weight: Variable;
  readonly bias: Variable | undefined;
  readonly epsilon: number;

  constructor({ width, bias = false, epsilon = 1e-5 }: OffsetNormOptions) {
    super();
    this.weight = new Variable([width]);
    this.bias = bias ? new Variable([width]) : undefined;
    this.epsilon = epsilon;
  }

  /** `[..., D] -> [..., D]` */
  forward(x: Tensor): Tensor {
    return layerNorm(x, add(this.weight, 1), this.bias, { epsilon: this.epsilon });
  }
}

/**
 * Each token's every head centred and divided by its deviation on its own, then scaled by 1 and a weight.
 * `[B, H, T, C] -> [B, T, H C]`
 */
export class HeadNorm extends Module {
  readonly weight: Variable;
  readonly bias: Variable | undefined;

  constructor({ width, bias = false }: OffsetNormOptions) {
    super();
    this.weight = new Variable([width]);
    this.bias = bias ? new Variable([width]) : undefined;
  }

  /** `[B, H, T, C] -> [B, T, H C]` */
  forward(x: Tensor): Tensor {
    const [batch, heads, length, width] = x.shape as [number, number, number, number];
    const normal = layerNorm(x, full([width], 1));
    const whole = reshape(transpose(normal, [0, 2, 1, 3]), [batch, length, heads * width]);
    const scaled = mul(whole, add(this.weight, 1));
    return this.bias ? add(scaled, this.bias) : scaled;
  }
}
