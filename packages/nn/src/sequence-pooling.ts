// B batch, T length, D width

import { dims, type Initializer, matmul, reshape, softmax, type Tensor } from "@quire/tensor";
import { Linear } from "./linear.ts";
import { Module } from "./module.ts";

/** What sequence pooling is made of. */
export interface SequencePoolingOptions {
  readonly width: number;
  /** How the weight of the importance is filled. */
  readonly initial?: Initializer;
}

/**
 * One vector of a sequence: its vectors' mean, weighed by an importance that a linear layer learns (Hassani et al.
 * 2021, section 3.2). `[B, T, D] -> [B, D]`
 */
export class SequencePooling extends Module {
  readonly importance: Linear;

  constructor({ width, initial }: SequencePoolingOptions) {
    super();
    this.importance = new Linear({ in: width, out: 1, ...(initial && { initial }) });
  }

  /** `[B, T, D] -> [B, D]` */
  forward(x: Tensor): Tensor {
    const { B, D } = dims(x, "B T D");
    const weights = softmax(this.importance.forward(x), { axis: 1 });
    return reshape(matmul(weights, x, { transposeA: true }), [B, D]);
  }
}
