import { full, rmsNorm, type Tensor } from "@quire/tensor";
import { Module } from "./module.ts";

/** What a root-mean-square normalisation without a scale is made of. */
export interface SimpleRMSNormOptions {
  /** Length of the last axis. */
  readonly width: number;
  /** Added to the mean square; 1e-6 unless said. */
  readonly epsilon?: number;
}

/** Rows divided by their root mean square, nothing learned (Qin et al. 2024, eq. 14). `[..., D] -> [..., D]` */
export class SimpleRMSNorm extends Module {
  readonly width: number;
  readonly epsilon: number;

  constructor({ width, epsilon = 1e-6 }: SimpleRMSNormOptions) {
    super();
    this.width = width;
    this.epsilon = epsilon;
  }

  /** `[..., D] -> [..., D]` */
  forward(x: Tensor): Tensor {
    return rmsNorm(x, full([this.width], 1), { epsilon: this.epsilon });
  }
}
