import { gelu, type Initializer, mul, sigmoid, silu, type Tensor } from "@quire/tensor";
import { Dropout } from "./dropout.ts";
import type { Linear } from "./linear.ts";
import { inference, type Mode, Module } from "./module.ts";
import { type Division, undivided } from "./parallel/division.ts";
import { columns, rows } from "./parallel/linear.ts";

/** An element-wise function between two linear layers. */
export type Activation = (x: Tensor) => Tensor;

/** A hidden layer that is multiplied by an activated second one (Shazeer 2020, eq. 6). */
export interface Gated {
  readonly gate: Activation;
}

/** A gate of SiLU (Shazeer 2020, eq. 6). */
export const swiglu: Gated = { gate: silu };
/** A gate of GELU (Shazeer 2020, eq. 6). */
export const geglu: Gated = { gate: gelu };
/** A gate of sigmoid (Dauphin et al. 2017, eq. 1). */
export const glu: Gated = { gate: sigmoid };
/** A second layer as it is: the product alone bends (Qin et al. 2024, eq. 12). */
export const sglu: Gated = { gate: (x) => x };

/** What a feed-forward network is made of. */
export interface FeedForwardOptions {
  /** Width of its input and output. */
  readonly width: number;
  /** Width of the hidden layer as a multiple of the width, rounded; 4 unless said. */
  readonly ratio?: number;
  /** Between the layers: GELU unless said; `swiglu` and its like make a gate. */
  readonly activation?: Activation | Gated;
  /** Whether the layers add a vector; true unless said. */
  readonly bias?: boolean;
  /** Share of the hidden values dropped in training; 0 unless said. */
  readonly dropout?: number;
  /** How the first layer's weight is filled. */
  readonly initial?: Initializer;
  /** How the last layer's weight is filled; as the first unless said. */
  readonly initialOutput?: Initializer;
  /** Processes that divide the hidden layer; none unless said. */
  readonly division?: Division;
}

/** Two linear layers at each position (Vaswani et al. 2017, eq. 2), gated if asked. `[..., D] -> [..., D]` */
export class FeedForward extends Module {
  readonly expand: Linear;
  readonly gate: Linear | undefined;
  readonly contract: Linear;
  readonly dropout: Dropout;
  readonly activation: Activation;
  /** Processes that divide the hidden layer. */
  readonly division: Division;

  constructor(options: FeedForwardOptions) {
    super();
    const { width, ratio = 4, activation = gelu, bias = true, initial } = options;
    const { initialOutput = initial, division = undivided } = options;
    const hidden = Math.round(width * ratio);
    const inner = { in: width, out: hidden, bias, ...(initial && { initial }) };
    this.expand = columns(inner, division);
    this.gate = "gate" in activation ? columns(inner, division) : undefined;
    const outer = { in: hidden, out: width, bias };
    this.contract = rows({ ...outer, ...(initialOutput && { initial: initialOutput }) }, division);
    this.division = division;
    this.dropout = new Dropout(options.dropout ?? 0);
    this.activation = "gate" in activation ? activation.gate : activation;
  }

  /** `[..., D] -> [..., D]` */
  forward(x: Tensor, mode: Mode = inference): Tensor {
    const own = this.division.enter(x);
    const hidden = this.expand.forward(own);
    const active = this.gate
      ? mul(this.activation(this.gate.forward(own)), hidden)
      : this.activation(hidden);
    return this.contract.forward(this.dropout.forward(active, this.division.apart(mode)));
  }
}
