import { add, div, mul, sqrt, sum, type Tensor, Variable } from "@quire/tensor";
import { Module } from "./module.ts";

/** What a compressed root-mean-square normalisation is made of. */
export interface CRMSNormOptions {
  /** Length of the last axis, one less than that of the vectors that it stands for. */
  readonly width: number;
  /** Added to the mean square; 1e-5 unless said. */
  readonly epsilon?: number;
}

/**
 * Rows of zero mean over their root mean square, each without its last value, which is minus the sum of the others
 * (Jiang et al. 2023, section 3.3). `[..., D - 1] -> [..., D - 1]`
 */
export function crmsNorm(x: Tensor, { epsilon = 1e-5 }: Pick<CRMSNormOptions, "epsilon">): Tensor {
  const axes = [x.shape.length - 1];
  const last = sum(x, { axes, keepDims: true });
  const squares = add(sum(mul(x, x), { axes, keepDims: true }), mul(last, last));
  const width = (x.shape.at(-1) as number) + 1;
  return div(x, sqrt(add(div(squares, width), epsilon)));
}

/** Compressed rows normalised, with a learned scale (Jiang et al. 2023, section 3.3). `[..., D - 1] -> [..., D - 1]` */
export class CRMSNorm extends Module {
  readonly weight: Variable;
  readonly epsilon: number;

  constructor({ width, epsilon = 1e-5 }: CRMSNormOptions) {
    super();
    this.weight = new Variable([width], { initial: 1 });
    this.epsilon = epsilon;
  }

  /** `[..., D - 1] -> [..., D - 1]` */
  forward(x: Tensor): Tensor {
    return mul(crmsNorm(x, { epsilon: this.epsilon }), this.weight);
  }
}
