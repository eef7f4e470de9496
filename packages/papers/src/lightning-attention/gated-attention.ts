// B rows, H heads, T tokens, D width

import {
  attendToSums,
  inference,
  type Layer,
  Linear,
  type LinearAttentionForm,
  linearAttention,
  type Mode,
  Module,
  normal,
  type Reading,
} from "@quire/nn";
import {
  add,
  elu,
  exp,
  gelu,
  leakyRelu,
  mul,
  relu,
  reshape,
  sigmoid,
  silu,
  type Tensor,
  transpose,
} from "@quire/tensor";
import { LinearizedPositions, type LrpeForm } from "./lrpe.ts";

/** A function of queries, keys or values. */
export type ActivationName =
  | "silu"
  | "1+elu"
  | "2+elu"
  | "elu"
  | "exp"
  | "gelu"
  | "leaky"
  | "relu"
  | "sigmoid"
  | "none";

/// Table 8 compares some; the official code knows all of them.
const activations: Readonly<Record<ActivationName, (x: Tensor) => Tensor>> = {
  silu,
  "1+elu": (x: Tensor) => add(elu(x), 1),
  "2+elu": (x: Tensor) => add(elu(x), 2),
  elu,
  exp,
  gelu,
  leaky: leakyRelu,
  relu,
  sigmoid,
  none: (x: Tensor) => x,
};

/** How gated linear attention differs from the published models. */
export interface GatedAttentionStyle {
  /** Width of queries, keys and values; the width unless said. */
  readonly hidden?: number;
  /** φ of queries and keys; SiLU unless said. */
  readonly activation?: ActivationName;
  /** Of values; none unless said. */
  readonly valueActivation?: ActivationName;
  /** What the mixed values are multiplied by: a linear layer unless said; σ of two thin ones; or nothing. */
  readonly gate?: "full" | "low-rank" | "none";
  /** Tokens of a block; 64 unless said. */
  readonly block?: number;
}

/** What gated linear attention is made of. */
export interface GatedAttentionOptions {
  readonly width: number;
  readonly heads: number;
  readonly style: GatedAttentionStyle;
  /** Each head's decay. */
  readonly slopes: readonly number[];
  readonly lrpe: LrpeForm | undefined;
  readonly bias: boolean;
  /** Makes the norm of the mixed values. */
  readonly norm: (width: number) => Layer;
}

/** What one call is given beside its input. */
export interface LinearInputs {
  /** Goes on from the tokens that were read before. */
  readonly reading?: Reading;
  /** How attention is computed; by blocks unless said. */
  readonly form?: LinearAttentionForm;
}

/// Eq. 11: O = Norm(Q Kᵀ V) ⊙ U with Q = φ(X Wq), K = φ(X Wk), V = X Wv, U = X Wu.
/** Gated linear attention with decay (section 4.2). `[B, T, D] -> [B, T, D]` */
export class GatedLinearAttention extends Module {
  readonly query: Linear;
  readonly key: Linear;
  readonly value: Linear;
  readonly positions: LinearizedPositions | undefined;
  readonly norm: Layer;
  /** One linear layer, or two thin ones. */
  readonly gate: readonly Linear[];
  readonly output: Linear;
  readonly heads: number;
  readonly slopes: readonly number[];
  readonly style: GatedAttentionStyle;

  constructor({ width, heads, style, slopes, lrpe, bias, norm }: GatedAttentionOptions) {
    super();
    const { hidden = width, gate = "full" } = style;
    const linear = (from: number, to: number): Linear =>
      new Linear({ in: from, out: to, bias, initial: normal(0.02) });
    this.query = linear(width, hidden);
    this.key = linear(width, hidden);
    this.value = linear(width, hidden);
    this.positions = lrpe && new LinearizedPositions(heads, hidden / heads, lrpe);
    this.norm = norm(hidden);
    const thin = hidden / heads;
    const gates = {
      full: [[width, hidden]],
      "low-rank": [
        [width, thin],
        [thin, hidden],
      ],
      none: [],
    };
    this.gate = gates[gate].map(([from, to]) => linear(from as number, to as number));
    this.output = linear(hidden, width);
    this.heads = heads;
    this.slopes = slopes;
    this.style = style;
  }

  /** `[B, T, D] -> [B, T, D]` */
  forward(x: Tensor, mode: Mode = inference, { reading, form }: LinearInputs = {}): Tensor {
    const { activation = "silu", valueActivation = "none", block } = this.style;
    const [query, key] = [this.query, this.key].map((layer) => {
      const y = this.#heads(activations[activation](layer.forward(x)));
      return this.positions?.forward(y, mode, reading ? { reading } : {}) ?? y;
    }) as [Tensor, Tensor];
    const value = this.#heads(activations[valueActivation](this.value.forward(x)));
    const operands = [query, key, value] as const;
    const options = { slopes: this.slopes, ...(block && { block }), ...(form && { form }) };
    const mixed = reading
      ? attendToSums(reading, this, operands, options)
      : linearAttention(operands, options);
    const [rows, heads, length, width] = mixed.shape as [number, number, number, number];
    const flat = reshape(transpose(mixed, [0, 2, 1, 3]), [rows, length, heads * width]);
    return this.output.forward(this.#gated(this.norm.forward(flat, mode), x));
  }

  #heads(x: Tensor): Tensor {
    const [rows, length, width] = x.shape as [number, number, number];
    return transpose(reshape(x, [rows, length, this.heads, width / this.heads]), [0, 2, 1, 3]);
  }

  /// The published models multiply by U as it is; the code of lightning attention by σ of a low-rank layer.
  #gated(mixed: Tensor, x: Tensor): Tensor {
    const [first, second] = this.gate;
    if (!first) return mixed;
    const open = first.forward(x);
    return mul(mixed, second ? sigmoid(second.forward(open)) : open);
  }
}
