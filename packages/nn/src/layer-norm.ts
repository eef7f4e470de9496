import { layerNorm, type Operand, type Tensor, Variable } from "@quire/tensor";
import { Module } from "./module.ts";

/** What a layer normalisation is made of. */
export interface LayerNormOptions {
  /** Length of the last axis. */
  readonly width: number;
  /** Added to the variance; 1e-5 unless said. */
  readonly epsilon?: number;
  /** Whether a vector is added; true unless said. */
  readonly bias?: boolean;
}

/** Layer normalisation with a learned scale and shift (Ba et al. 2016, eq. 4). `[..., D] -> [..., D]` */
export class LayerNorm extends Module {
  readonly weight: Variable;
  readonly bias: Variable | undefined;
  readonly epsilon: number;

  constructor({ width, epsilon = 1e-5, bias = true }: LayerNormOptions) {
    super();
    this.weight = new Variable([width], { initial: 1 });
    this.bias = bias ? new Variable([width]) : undefined;
    this.epsilon = epsilon;
  }

  /** `[..., D] -> [..., D]` */
  forward(x: Operand): Tensor {
    return layerNorm(x, this.weight, this.bias, { epsilon: this.epsilon });
  }
}
