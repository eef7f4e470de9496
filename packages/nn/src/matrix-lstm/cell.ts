// B batch, T tokens, E width of the memory, H heads

import { concat, dims, reshape, type Tensor, transpose } from "@quire/tensor";
import { evenly, normal, zeros } from "../initial.ts";
import { Linear } from "../linear.ts";
import { type MatrixLstmOptions, matrixLstm } from "../matrix-lstm.ts";
import { Module } from "../module.ts";
import { HeadNorm } from "./offset-norm.ts";

/** What a matrix memory with its gates is made of. */
export interface MatrixLstmCellOptions extends MatrixLstmOptions {
  readonly width: number;
  readonly heads: number;
  readonly normBias: boolean;
}

/** A matrix memory with its gates and a norm over each head. `[B, T, E], [B, T, E], [B, T, E] -> [B, T, E]` */
export class MatrixLstmCell extends Module {
  readonly inputGate: Linear;
  readonly forgetGate: Linear;
  readonly norm: HeadNorm;
  readonly heads: number;
  readonly options: MatrixLstmOptions;

  constructor({ width, heads, normBias, ...options }: MatrixLstmCellOptions) {
    super();
    this.heads = heads;
    this.options = options;
    // Gates begin apart from what is read: each head keeps for longer than the one before, and all write about 1.
    const gates = { in: 3 * width, out: heads, initial: zeros };
    this.inputGate = new Linear({ ...gates, initialBias: normal(0.1) });
    this.forgetGate = new Linear({ ...gates, initialBias: evenly(3, 6) });
    this.norm = new HeadNorm({ width, bias: normBias });
  }

  /** `[B, T, E], [B, T, E], [B, T, E] -> [B, T, E]` */
  forward(query: Tensor, key: Tensor, value: Tensor): Tensor {
    const { B, T, E } = dims(query, "B T E");
    const { heads } = this;
    const read = concat([query, key, value], -1);
    const ofGate = (linear: Linear): Tensor =>
      reshape(transpose(linear.forward(read), [0, 2, 1]), [B, heads, T, 1]);
    const inHeads = (x: Tensor): Tensor =>
      transpose(reshape(x, [B, T, heads, E / heads]), [0, 2, 1, 3]);
    const inputs = {
      ...{ query: inHeads(query), key: inHeads(key), value: inHeads(value) },
      inputGate: ofGate(this.inputGate),
      forgetGate: ofGate(this.forgetGate),
    };
    return this.norm.forward(matrixLstm(inputs, this.options));
  }
}
