import { type Operand, rmsNorm, type Tensor, Variable } from "@quire/tensor";
import { Module } from "./module.ts";

/** What a root-mean-square normalisation is made of. */
export interface RMSNormOptions {
  /** Length of the last axis. */
  readonly width: number;
  /** Added to the mean square; 1e-5 unless said. */
  readonly epsilon?: number;
}

/** Rows divided by their root mean square, with a learned scale (Zhang and Sennrich 2019, eq. 4). `[..., D] -> [..., D]` */
export class RMSNorm extends Module {
  readonly weight: Variable;
  readonly epsilon: number;

  constructor({ width, epsilon = 1e-5 }: RMSNormOptions) {
    super();
    this.weight = new Variable([width], { initial: 1 });
    this.epsilon = epsilon;
  }

  /** `[..., D] -> [..., D]` */
  forward(x: Operand): Tensor {
    return rmsNorm(x, this.weight, { epsilon: this.epsilon });
  }
}
