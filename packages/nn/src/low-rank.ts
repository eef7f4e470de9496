import { matmul, mul, type Operand, type Tensor, Variable } from "@quire/tensor";
import { lecunUniform } from "./initial.ts";
import { Module } from "./module.ts";

/** What a low-rank product is made of. */
export interface LowRankOptions {
  /** Width of its input. */
  readonly in: number;
  /** Width of its output. */
  readonly out: number;
  /** Width between the two factors. */
  readonly rank: number;
  /** What the product is multiplied by; 1 unless said. */
  readonly scale?: number;
}

/**
 * A product with two thin matrices, zero at first: s x Aᵀ Bᵀ. As a linear layer's `adapter` it is LoRA's update (Hu
 * et al. 2022, eq. 3). `[..., in] -> [..., out]`
 */
export class LowRank extends Module {
  readonly down: Variable;
  readonly up: Variable;
  readonly scale: number;

  constructor({ in: inputs, out, rank, scale = 1 }: LowRankOptions) {
    super();
    this.down = new Variable([rank, inputs], { initial: lecunUniform });
    this.up = new Variable([out, rank]);
    this.scale = scale;
  }

  /** `[..., in] -> [..., out]` */
  forward(x: Operand): Tensor {
    const inner = matmul(x, this.down, { transposeB: true });
    return mul(matmul(inner, this.up, { transposeB: true }), this.scale);
  }

  /** The weight that does the same in one product: s B A. `[] -> [out, in]` */
  weight(): Tensor {
    return mul(matmul(this.up, this.down), this.scale);
  }
}
