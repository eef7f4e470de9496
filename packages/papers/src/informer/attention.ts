// B batch, T queries, S keys, D width, H heads, K width of a head

import { inference, Linear, type Mode, Module } from "@quire/nn";
import {
  constant,
  dims,
  dropout,
  full,
  type HostTensor,
  reshape,
  scaledDotProductAttention,
  type Tensor,
  transpose,
} from "@quire/tensor";
import { drawnSamples, fixedSamples, probSparseAttention, sparsity } from "./prob-sparse.ts";

/** Which attention a layer has, and how it divides. */
export interface InformerAttentionOptions {
  readonly width: number;
  readonly heads: number;
  /** `prob` is ProbSparse attention, `full` the usual one. */
  readonly kind: "prob" | "full";
  readonly factor: number;
  readonly causal: boolean;
  /** Whether the heads' results are read as if positions lay within heads. */
  readonly mix: boolean;
  /** Share of the weights of full attention that training drops. */
  readonly dropout: number;
}

/** Up to so many keys, all products cost less than gathering the sampled ones. */
const DENSE = 512;

/** Attention of several heads, ProbSparse or full. `[B, T, D], [B, S, D] -> [B, T, D]` */
export class InformerAttention extends Module {
  readonly query: Linear;
  readonly key: Linear;
  readonly value: Linear;
  readonly output: Linear;
  readonly options: InformerAttentionOptions;
  /** Up to so many keys the measure is taken of all products; see `ProbSparseOptions`. */
  dense = DENSE;
  /** Keys that each query is measured on, int32 `[T, U]`; drawn unless set. */
  samples: HostTensor<"int32"> | undefined;

  constructor(options: InformerAttentionOptions) {
    super();
    const { width } = options;
    const linear = (): Linear => new Linear({ in: width, out: width });
    [this.query, this.key, this.value, this.output] = [linear(), linear(), linear(), linear()];
    this.options = options;
  }

  /** `[B, T, D], [B, S, D] -> [B, T, D]` */
  forward(x: Tensor, context: Tensor, mode: Mode = inference): Tensor {
    const { mix } = this.options;
    const { B, T, D } = dims(x, "B T D");
    const mixed = this.#attend(
      this.#divided(this.query.forward(x)),
      [this.key, this.value].map((layer) => this.#divided(layer.forward(context))),
      mode,
    );
    /// Not in the paper: the official code's decoder reads `[H, T, K]` row by row as if it were `[T, H K]`, so that
    /// what follows sees neighbouring positions of one head. Published results have it.
    return this.output.forward(reshape(mix ? mixed : transpose(mixed, [0, 2, 1, 3]), [B, T, D]));
  }

  /** How far each position's attention to all is from uniform: those furthest attend. `[B, T, D] -> [B, H, T]` */
  activity(x: Tensor): Tensor {
    const { T } = dims(x, "B T D");
    const [q, k] = [this.query, this.key].map((layer) => this.#divided(layer.forward(x)));
    return sparsity(q as Tensor, k as Tensor, this.#samples(T, T, inference), this.dense);
  }

  /** `[B, T, D] -> [B, H, T, K]` */
  #divided(x: Tensor): Tensor {
    const { heads } = this.options;
    const { B, T, D } = dims(x, "B T D");
    return transpose(reshape(x, [B, T, heads, D / heads]), [0, 2, 1, 3]);
  }

  /** `[B, H, T, K], [B, H, S, K] twice -> [B, H, T, K]` */
  #attend(q: Tensor, keysAndValues: readonly Tensor[], mode: Mode): Tensor {
    const [k, v] = keysAndValues as [Tensor, Tensor];
    const { kind, factor, causal } = this.options;
    if (kind === "prob") {
      const samples = this.#samples(q.shape[2] as number, k.shape[2] as number, mode);
      return probSparseAttention([q, k, v], samples, { factor, causal, dense: this.dense });
    }
    const { training, random } = mode;
    const rate = this.options.dropout;
    const weights = [...q.shape.slice(0, 3), k.shape[2] as number];
    const keep =
      training && random && rate > 0
        ? { keep: dropout(full(weights, 1), rate, random.next()) }
        : {};
    return scaledDotProductAttention(q, k, v, { causal, ...keep });
  }

  #samples(queries: number, keys: number, { training, random }: Mode): Tensor {
    const { factor } = this.options;
    if (this.samples) return constant(this.samples);
    if (training && random) return drawnSamples(random, queries, keys, factor);
    return constant(fixedSamples(queries, keys, factor));
  }
}
