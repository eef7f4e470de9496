// B batch, T tokens, D width, E width of the memory

import { add, type Initializer, mul, silu, split, type Tensor, Variable } from "@quire/tensor";
import { BlockLinear } from "./block-linear.ts";
import { normal } from "./initial.ts";
import { Linear } from "./linear.ts";
import { MatrixLstmCell } from "./matrix-lstm/cell.ts";
import { TokenConvolution, type TokenConvolutionOptions } from "./matrix-lstm/token-convolution.ts";
import type { MatrixLstmOptions } from "./matrix-lstm.ts";
import { type Layer, Module } from "./module.ts";

/** What a layer with a matrix memory is made of. */
export interface MatrixLstmLayerOptions {
  readonly width: number;
  /** Width of the memory over that of the layer; 2 unless said. */
  readonly expansion?: number;
  /** Heads, and the size of the blocks in which queries, keys and values are taken; 4 unless said. */
  readonly heads?: number;
  /** Four tokens, causally, unless said. */
  readonly convolution?: TokenConvolutionOptions;
  /** Whether the projections have biases; false unless said. */
  readonly bias?: boolean;
  /** Whether the norm over the heads has a shift; false unless said. */
  readonly normBias?: boolean;
  /** How the memory is computed. */
  readonly memory?: MatrixLstmOptions;
}

/** For weights that read a stream of a width (Nguyen and Salazar 2019, section 2.2). */
const small = (width: number): Initializer => normal(Math.sqrt(2 / (5 * width)));

/**
 * xLSTM's layer with a matrix memory between an up- and a down-projection (Beck et al. 2024, figure 11; Alkin et al.
 * 2024, section 3.1): queries and keys are taken of the convolved half, values of the half as it is, and the other
 * half is a gate. `[B, T, D] -> [B, T, D]`
 */
export class MatrixLstmLayer extends Module implements Layer {
  readonly up: Linear;
  readonly convolution: TokenConvolution;
  readonly query: BlockLinear;
  readonly key: BlockLinear;
  readonly value: BlockLinear;
  readonly cell: MatrixLstmCell;
  readonly skip: Variable;
  readonly down: Linear;

  constructor(options: MatrixLstmLayerOptions) {
    super();
    const { width, expansion = 2, heads = 4, bias = false, normBias = false } = options;
    const inner = width * expansion;
    const block = { width: inner, block: heads, bias, initial: small(width) };
    this.up = new Linear({ in: width, out: 2 * inner, bias, initial: small(width) });
    const convolution = options.convolution ?? { kind: "causal", kernel: 4 };
    this.convolution = new TokenConvolution(inner, convolution);
    this.query = new BlockLinear(block);
    this.key = new BlockLinear(block);
    this.value = new BlockLinear(block);
    this.cell = new MatrixLstmCell({ width: inner, heads, normBias, ...options.memory });
    this.skip = new Variable([inner], { initial: 1 });
    this.down = new Linear({ in: inner, out: width, bias, initial: normal(2 / Math.sqrt(width)) });
  }

  /** `[B, T, D] -> [B, T, D]` */
  forward(x: Tensor): Tensor {
    const [read, gate] = split(this.up.forward(x), 2, -1) as [Tensor, Tensor];
    const near = silu(this.convolution.forward(read));
    const [query, key] = [this.query.forward(near), this.key.forward(near)];
    const memory = this.cell.forward(query, key, this.value.forward(read));
    return this.down.forward(mul(add(memory, mul(this.skip, near)), silu(gate)));
  }
}
