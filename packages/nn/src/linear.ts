import { add, type Initializer, matmul, type Operand, type Tensor, Variable } from "@quire/tensor";
import { lecunUniform, uniform } from "./initial.ts";
import type { LowRank } from "./low-rank.ts";
import { Module } from "./module.ts";

/** What a linear layer is made of. */
export interface LinearOptions {
  /** Width of its input. */
  readonly in: number;
  /** Width of its output. */
  readonly out: number;
  /** Whether a vector is added; true unless said. */
  readonly bias?: boolean;
  /** How the weight is filled; PyTorch's way unless said, where the bias is drawn too. */
  readonly initial?: Initializer;
  /** How the bias is filled; with zeros unless said, where `initial` is. */
  readonly initialBias?: Initializer;
}

/** A product with a weight `[out, in]`, and a bias: x Wᵀ + b. `[..., in] -> [..., out]` */
export class Linear extends Module {
  readonly weight: Variable;
  readonly bias: Variable | undefined;
  /** Added to what the layer gives, to fine-tune it without changing its weight. */
  adapter: LowRank | undefined;

  constructor({ in: inputs, out, bias = true, initial, initialBias }: LinearOptions) {
    super();
    this.weight = new Variable([out, inputs], { initial: initial ?? lecunUniform });
    const usual = initial ? 0 : uniform(1 / Math.sqrt(inputs));
    this.bias = bias ? new Variable([out], { initial: initialBias ?? usual }) : undefined;
  }

  /** `[..., in] -> [..., out]` */
  forward(x: Operand): Tensor {
    const product = matmul(x, this.weight, { transposeB: true });
    const y = this.bias ? add(product, this.bias) : product;
    return this.adapter ? add(y, this.adapter.forward(x)) : y;
  }
}
