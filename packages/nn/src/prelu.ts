import { add, maximum, minimum, mul, type Tensor, Variable } from "@quire/tensor";
import { Module } from "./module.ts";

/** A ReLU whose slope below 0 is learned, one for all channels (He et al. 2015a, eq. 1). `[...] -> [...]` */
export class PRelu extends Module {
  readonly slope: Variable;

  constructor() {
    super();
    this.slope = new Variable([1], { initial: 0.25 });
  }

  /** `[...] -> [...]` */
  forward(x: Tensor): Tensor {
    return add(maximum(x, 0), mul(minimum(x, 0), this.slope));
  }
}
