// B texts, T tokens, D width, E width of the vectors, K classes

import {
  Dropout,
  Embedding,
  Encoder,
  inference,
  LayerNorm,
  Linear,
  type Mode,
  Module,
  maskedMax,
  maskedMean,
  normal,
  RelativePositions,
  separate,
  unitVectors,
} from "@quire/nn";
import {
  add,
  cast,
  cumulativeSum,
  dims,
  gelu,
  geluTanh,
  iota,
  mul,
  notEqual,
  QuireError,
  relu,
  reshape,
  silu,
  slice,
  type Tensor,
  tanh,
} from "@quire/tensor";
import type { LinkageTarget, TextEncoder } from "../tasks/linkage-target.ts";

/**
 * Whose layers the encoder has: those of BERT, of RoBERTa (XLM-R, CamemBERT) or of MPNet, so that their checkpoints
 * fit; `plain` blocks normalise their input instead of their sum, and learn from nothing without much ado.
 */
export type EncoderLayout = "bert" | "roberta" | "mpnet" | "plain";

/** A layout of which a checkpoint has parts in another way. */
export interface ChangedLayout {
  readonly of: EncoderLayout;
  /** What variances are kept above by. */
  readonly epsilon?: number;
  /** Rows of the table that tells a text's first and second part; RoBERTa has one, MPNet no table. */
  readonly segments?: number;
  readonly activation?: "gelu" | "gelu tanh" | "relu" | "silu";
}

/** What a sentence encoder is made of. */
export interface SentenceEncoderOptions {
  readonly layout: EncoderLayout | ChangedLayout;
  readonly width: number;
  readonly depth: number;
  readonly heads: number;
  /** Width of the feed-forward network as a multiple of the width. */
  readonly ratio: number;
  /** How the tokens' vectors become one. */
  readonly pooling: "mean" | "first token" | "max";
  /** A linear layer after pooling, and what is done to its result. */
  readonly projection?: { readonly width: number; readonly activation: "tanh" | "none" };
  /** Share of values dropped in training: of embeddings, branches and attention weights. */
  readonly dropout: number;
}

/// BERT, appendix A.2, and what its heirs kept.
const initial = normal(0.02);

/** What a layout's checkpoints have beside its blocks. */
interface LayoutFacts {
  readonly epsilon: number;
  /** Rows of a table that tells a text's first and second part; one row is the same for all. */
  readonly segments: number;
  /** Rows of the table of positions before the first token's. */
  readonly offset: boolean;
  readonly relative: boolean;
}

const layouts: Readonly<Record<EncoderLayout, LayoutFacts>> = {
  bert: { epsilon: 1e-12, segments: 2, offset: false, relative: false },
  roberta: { epsilon: 1e-5, segments: 1, offset: true, relative: false },
  mpnet: { epsilon: 1e-5, segments: 0, offset: true, relative: true },
  plain: { epsilon: 1e-5, segments: 0, offset: false, relative: false },
};

const activations = { gelu, "gelu tanh": geluTanh, relu, silu } as const;

/** Whose layers an encoder has, and all that is to know of them. */
export function layoutOf({ layout }: Pick<SentenceEncoderOptions, "layout">): LayoutFacts &
  Required<Omit<ChangedLayout, "of">> & {
    readonly name: EncoderLayout;
  } {
  const { of: name, ...changed } = typeof layout === "string" ? { of: layout } : layout;
  return { name, activation: "gelu", ...layouts[name], ...changed };
}

/**
 * A transformer that makes one vector of a text: tokens with positions, blocks, the mean of the tokens' vectors, and
 * length 1, so that a product of two is their cosine. Where the target has classes, a head tells them apart instead.
 * `int32 [B, T] -> [B, E]`, or `[B, K]`
 */
export class SentenceEncoder extends Module implements TextEncoder {
  readonly tokens: Embedding;
  readonly positions: Embedding;
  readonly segments: Embedding | undefined;
  readonly embeddingNorm: LayerNorm | undefined;
  readonly relative: RelativePositions | undefined;
  readonly dropout: Dropout;
  readonly encoder: Encoder;
  /** Reads the first token for the head; part of all published checkpoints. */
  readonly pooler: Linear | undefined;
  readonly projection: Linear | undefined;
  readonly head: Linear | undefined;
  readonly options: SentenceEncoderOptions;
  readonly target: LinkageTarget;

  constructor(options: SentenceEncoderOptions, target: LinkageTarget) {
    super();
    const { width, depth, heads, ratio, projection, dropout } = options;
    const { vocabulary, length, padding, classes } = target;
    const { name, epsilon, segments, offset, relative, activation } = layoutOf(options);
    const norm = (size: number): LayerNorm => new LayerNorm({ width: size, epsilon });
    const isPublished = name !== "plain";
    this.tokens = new Embedding({ count: vocabulary, width, initial });
    const rows = length + (offset ? padding + 1 : 0);
    this.positions = new Embedding({ count: rows, width, initial });
    this.segments = segments > 0 ? new Embedding({ count: segments, width, initial }) : undefined;
    this.embeddingNorm = isPublished ? norm(width) : undefined;
    this.relative = relative ? new RelativePositions({ heads }) : undefined;
    this.dropout = new Dropout(dropout);
    const attention = { heads, projections: separate({ initial }), dropout };
    const bias = this.relative && { bias: this.relative };
    this.encoder = new Encoder({
      depth,
      block: {
        ...{ width, norm, dropout, order: isPublished ? "post" : "pre" },
        attention: { ...attention, ...bias },
        feedForward: { ratio, initial, activation: activations[activation] },
      },
    });
    this.pooler = isPublished ? new Linear({ in: width, out: width, initial }) : undefined;
    this.projection =
      projection && !classes ? new Linear({ in: width, out: projection.width }) : undefined;
    this.head = classes ? new Linear({ in: width, out: classes, initial }) : undefined;
    this.options = options;
    this.target = target;
  }

  /** Length of the vectors, or the number of classes. */
  get outputs(): number {
    return this.target.classes ?? this.options.projection?.width ?? this.options.width;
  }

  /** `int32 [B, T] -> [B, E]` of length 1, or scores `[B, K]`. */
  forward(ids: Tensor, mode: Mode = inference): Tensor {
    const counts = notEqual(ids, this.target.padding);
    const { B, T } = dims(ids, "B T");
    if (T > this.target.length) {
      throw new QuireError(
        `the encoder reads at most ${this.target.length} tokens, got ${T}: cut the texts shorter.`,
      );
    }
    const mask = reshape(counts, [B, 1, 1, T]);
    const read = this.encoder.forward(this.#embedded(ids, counts, mode), mode, { mask });
    return this.head ? this.#scored(this.head, read, counts, mode) : this.#vector(read, counts);
  }

  /** `-> [B, T, D]` */
  #embedded(ids: Tensor, counts: Tensor, mode: Mode): Tensor {
    let sum = add(this.tokens.forward(ids), this.positions.forward(this.#places(counts)));
    if (this.segments) {
      const first = slice(this.segments.weight.tensor, [0], [1], { axes: [0] });
      sum = add(sum, first);
    }
    return this.dropout.forward(this.embeddingNorm?.forward(sum) ?? sum, mode);
  }

  /// RoBERTa and MPNet count positions from the padding token's id on, and give padding that very row.
  #places(counts: Tensor): Tensor {
    if (!layoutOf(this.options).offset) return iota(counts.shape, 1);
    const counted = cast(counts, "int32");
    return add(mul(cumulativeSum(counted, { axis: 1 }), counted), this.target.padding);
  }

  /// Section 3.1: the mean of the tokens' vectors; of length 1, since records are compared by cosine.
  #vector(read: Tensor, counts: Tensor): Tensor {
    const pooled = this.#pooled(read, counts);
    const projected = this.projection?.forward(pooled) ?? pooled;
    const isBent = this.options.projection?.activation === "tanh";
    return unitVectors(isBent ? tanh(projected) : projected);
  }

  #pooled(read: Tensor, counts: Tensor): Tensor {
    const { pooling } = this.options;
    if (pooling === "mean") return maskedMean(read, counts);
    return pooling === "max" ? maskedMax(read, counts) : firstOf(read);
  }

  /// Section 3.4: classification by the base models' own heads, which read the first token.
  #scored(head: Linear, read: Tensor, counts: Tensor, mode: Mode): Tensor {
    if (!this.pooler) return head.forward(this.dropout.forward(this.#pooled(read, counts), mode));
    const { name } = layoutOf(this.options);
    const first = firstOf(read);
    // Heads of RoBERTa and MPNet drop before this layer too.
    const given = name === "bert" ? first : this.dropout.forward(first, mode);
    return head.forward(this.dropout.forward(tanh(this.pooler.forward(given)), mode));
  }
}

function firstOf(x: Tensor): Tensor {
  const { B, D } = dims(x, "B T D");
  return reshape(slice(x, [0], [1], { axes: [1] }), [B, D]);
}

/** Makes a sentence encoder for a tokenizer's texts. */
export function build(options: SentenceEncoderOptions, target: LinkageTarget): SentenceEncoder {
  return new SentenceEncoder(options, target);
}
