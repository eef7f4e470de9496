// N blocks, K width of a block

import {
  add,
  type Initializer,
  matmul,
  reshape,
  type Tensor,
  transpose,
  Variable,
} from "@quire/tensor";
import { Module } from "./module.ts";

/** What a linear layer of blocks is made of. */
export interface BlockLinearOptions {
  /** Width of its input and its output. */
  readonly width: number;
  /** Width of a block, which divides it. */
  readonly block: number;
  /** Whether a vector is added; true unless said. */
  readonly bias?: boolean;
  readonly initial: Initializer;
}

/** A product with a weight that connects the parts of a block alone, `[N, K, K]`. `[..., N K] -> [..., N K]` */
export class BlockLinear extends Module {
  readonly weight: Variable;
  readonly bias: Variable | undefined;

  constructor({ width, block, bias = true, initial }: BlockLinearOptions) {
    super();
    this.weight = new Variable([width / block, block, block], { initial });
    this.bias = bias ? new Variable([width]) : undefined;
  }

  /** `[..., N K] -> [..., N K]` */
  forward(x: Tensor): Tensor {
    const [count, size] = this.weight.shape as [number, number];
    const rows = x.shape.slice(0, -1).reduce((product, length) => product * length, 1);
    const inBlocks = transpose(reshape(x, [rows, count, size]), [1, 0, 2]);
    const product = matmul(inBlocks, this.weight, { transposeB: true });
    const y = reshape(transpose(product, [1, 0, 2]), x.shape);
    return this.bias ? add(y, this.bias) : y;
  }
}
