// B rows, F features, D width, H heads, K width of a head

import {
  Dropout,
  inference,
  LayerNorm,
  Linear,
  lecunUniform,
  type Mode,
  Module,
  PRelu,
  uniform,
} from "@quire/nn";
import {
  add,
  dims,
  dropout,
  full,
  type Initializer,
  mul,
  QuireError,
  reshape,
  scaledDotProductAttention,
  split,
  sub,
  type Tensor,
  tanh,
  transpose,
  Variable,
} from "@quire/tensor";
import type { HiddenMix, TabularModel, TabularTarget } from "../tasks/tabular-target.ts";

/** How large an ExcelFormer is, and what of it is taken out to measure what it does. */
export interface ExcelFormerOptions {
  readonly width: number;
  readonly depth: number;
  /** With a single head the heads' mixing product is left out, as in the official code. */
  readonly heads: number;
  /** Whether a feature reads only those that say more of the target, or all. */
  readonly attention: "semi-permeable" | "full";
  /** Whether a branch's input is normalised, or the stream after each branch. */
  readonly norm: "before" | "after";
  /** What the interaction's weights are multiplied by at the beginning. */
  readonly initialScale: number;
  readonly dropout: DropoutShares;
}

/** Shares that training drops at random. */
export interface DropoutShares {
  /** Of the attention weights. */
  readonly attention: number;
  /** Of each branch's output. */
  readonly residual: number;
}

/// Interaction-attenuated initialisation: the weights that let features act on each other, and that change their
/// representation, begin so small that every block is almost the identity; interactions grow as they are found useful.
function attenuated(scale: number): Initializer {
  return (data, shape, random) =>
    uniform(scale / Math.sqrt(shape[1] as number))(data, shape, random);
}

/// GLU-based embedding: one product with a value, another with a bounded gate, so that a feature's number bends.
/** Embeds each number by weights of its own: (x W₁ + b₁) ⊙ tanh(x W₂ + b₂). `[B, F] -> [B, F, D]` */
export class AttentiveEmbedding extends Module {
  readonly weight: Variable;
  readonly gateWeight: Variable;
  readonly bias: Variable;
  readonly gateBias: Variable;

  constructor({ features }: TabularTarget, width: number) {
    super();
    const drawn = (): Variable => new Variable([features, width], { initial: lecunUniform });
    this.weight = drawn();
    this.gateWeight = drawn();
    this.bias = drawn();
    this.gateBias = drawn();
  }

  /** `[B, F] -> [B, F, D]` */
  forward(rows: Tensor): Tensor {
    const { B, F } = dims(rows, "B F");
    const x = reshape(rows, [B, F, 1]);
    const value = add(mul(x, this.weight), this.bias);
    return mul(value, tanh(add(mul(x, this.gateWeight), this.gateBias)));
  }
}

/// Semi-permeable attention: M adds minus infinity where feature j says less of the target than feature i, so noise is
/// kept from what is informative, while weak features still read strong ones. The encoding puts the most informative
/// feature first, which makes M the mask that language models hide the future by.
///
/// With M the network is no longer the same for rotated features: which column a number stands in matters, as it does
/// to trees.
/** Multi-head attention among features. `[B, F, D] -> [B, F, D]` */
export class SemiPermeableAttention extends Module {
  readonly query: Linear;
  readonly key: Linear;
  readonly value: Linear;
  readonly output: Linear | undefined;
  readonly heads: number;
  readonly isMasked: boolean;
  readonly dropped: number;

  constructor({ width, heads, attention, initialScale, dropout: shares }: ExcelFormerOptions) {
    super();
    if (!Number.isInteger(width / heads)) {
      throw new QuireError(
        `ExcelFormer: the width ${width} does not divide into ${heads} heads; change one.`,
      );
    }
    const small = { in: width, out: width, initial: attenuated(initialScale) };
    this.query = new Linear(small);
    this.key = new Linear(small);
    this.value = new Linear(small);
    this.output = heads > 1 ? new Linear({ ...small, initial: lecunUniform }) : undefined;
    this.heads = heads;
    this.isMasked = attention === "semi-permeable";
    this.dropped = shares.attention;
  }

  /** `[B, F, D] -> [B, F, D]` */
  forward(x: Tensor, { training, random }: Mode = inference): Tensor {
    const { B, F, D } = dims(x, "B F D");
    const { heads } = this;
    const [q, k, v] = [this.query, this.key, this.value].map((linear) =>
      transpose(reshape(linear.forward(x), [B, F, heads, D / heads]), [0, 2, 1, 3]),
    ) as [Tensor, Tensor, Tensor];
    const drops = training && random && this.dropped > 0;
    const mixed = scaledDotProductAttention(q, k, v, {
      causal: this.isMasked,
      ...(drops && { keep: dropout(full([B, heads, F, F], 1), this.dropped, random.next()) }),
    });
    const joined = reshape(transpose(mixed, [0, 2, 1, 3]), [B, F, D]);
    return this.output?.forward(joined) ?? joined;
  }
}

/// Attentive feed-forward network: one layer and a gate instead of two layers and a ReLU, which makes fits of tables too
/// smooth.
/** (x W₁ + b₁) ⊙ tanh(x W₂ + b₂), both products as one. `[B, F, D] -> [B, F, D]` */
export class AttentiveFeedForward extends Module {
  readonly linear: Linear;

  constructor({ width, initialScale }: ExcelFormerOptions) {
    super();
    this.linear = new Linear({ in: width, out: 2 * width, initial: attenuated(initialScale) });
  }

  /** `[B, F, D] -> [B, F, D]` */
  forward(x: Tensor): Tensor {
    const [value, gate] = split(this.linear.forward(x), 2, -1) as [Tensor, Tensor];
    return mul(value, tanh(gate));
  }
}

/** Attention among features, then the attentive feed-forward network, each added. `[B, F, D] -> [B, F, D]` */
export class ExcelFormerBlock extends Module {
  readonly attentionNorm: LayerNorm | undefined;
  readonly attention: SemiPermeableAttention;
  readonly feedForwardNorm: LayerNorm;
  readonly feedForward: AttentiveFeedForward;
  readonly dropout: Dropout;
  readonly isBefore: boolean;

  /// The first block's attention reads the embeddings as they are, where norms stand before the branches.
  constructor(options: ExcelFormerOptions, isFirst: boolean) {
    super();
    const { width, norm } = options;
    this.isBefore = norm === "before";
    this.attentionNorm = this.isBefore && isFirst ? undefined : new LayerNorm({ width });
    this.attention = new SemiPermeableAttention(options);
    this.feedForwardNorm = new LayerNorm({ width });
    this.feedForward = new AttentiveFeedForward(options);
    this.dropout = new Dropout(options.dropout.residual);
  }

  /** `[B, F, D] -> [B, F, D]` */
  forward(x: Tensor, mode: Mode = inference): Tensor {
    const attended = this.#around(
      x,
      this.attentionNorm,
      (y) => this.attention.forward(y, mode),
      mode,
    );
    return this.#around(attended, this.feedForwardNorm, (y) => this.feedForward.forward(y), mode);
  }

  #around(
    x: Tensor,
    norm: LayerNorm | undefined,
    branch: (y: Tensor) => Tensor,
    mode: Mode,
  ): Tensor {
    const read = this.isBefore && norm ? norm.forward(x) : x;
    const sum = add(x, this.dropout.forward(branch(read), mode));
    return this.isBefore || !norm ? sum : norm.forward(sum);
  }
}

/** Predicts from rows whose features are sorted, the most informative first. `[B, F] -> [B, outputs]` */
export class ExcelFormer extends Module implements TabularModel {
  readonly embedding: AttentiveEmbedding;
  readonly blocks: ExcelFormerBlock[];
  readonly summary: Linear;
  readonly norm: LayerNorm | undefined;
  readonly activation: PRelu;
  readonly head: Linear;
  readonly width: number;

  constructor(options: ExcelFormerOptions, target: TabularTarget) {
    super();
    const { width, depth, norm } = options;
    this.width = width;
    this.embedding = new AttentiveEmbedding(target, width);
    this.blocks = Array.from({ length: depth }, (_, i) => new ExcelFormerBlock(options, i === 0));
    this.summary = new Linear({ in: target.features, out: 1 });
    this.norm = norm === "before" ? new LayerNorm({ width }) : undefined;
    this.activation = new PRelu();
    this.head = new Linear({ in: width, out: target.outputs });
  }

  /** `[B, F] -> [B, outputs]` */
  forward(rows: Tensor, mode: Mode = inference, mix?: HiddenMix): Tensor {
    let x = this.#embed(rows, mix);
    for (const block of this.blocks) x = block.forward(x, mode);
    const { B, D } = dims(x, "B F D");
    const summary = reshape(this.summary.forward(transpose(x, [0, 2, 1])), [B, D]);
    return this.head.forward(this.activation.forward(this.norm?.forward(summary) ?? summary));
  }

  /// Hid-Mix: two rows exchange dimensions of their embeddings, the same ones in every feature. The network then learns
  /// that each dimension speaks for itself. Feat-Mix exchanges whole features and needs nothing here: an embedding holds
  /// its own number only, so exchanging embeddings is exchanging numbers.
  #embed(rows: Tensor, mix: HiddenMix | undefined): Tensor {
    const own = this.embedding.forward(rows);
    if (!mix) return own;
    const { B, D } = dims(mix.keep, "B D");
    const keep = reshape(mix.keep, [B, 1, D]);
    return add(mul(keep, own), mul(sub(1, keep), this.embedding.forward(mix.other)));
  }
}

/** Makes an ExcelFormer for rows of so many features. */
export function build(options: ExcelFormerOptions, target: TabularTarget): ExcelFormer {
  return new ExcelFormer(options, target);
}
