// B texts, T tokens, D width, K classes

import {
  Dropout,
  Embedding,
  Encoder,
  inference,
  LayerNorm,
  Linear,
  type Mode,
  Module,
  maskedMean,
  normal,
} from "@quire/nn";
import { add, dims, iota, notEqual, reshape, slice, type Tensor, tanh } from "@quire/tensor";
import type { LinkageTarget, TextEncoder } from "../tasks/linkage-target.ts";

/** What a text classifier is made of. */
export interface TextClassifierOptions {
  /** BERT's layers, whose sums are normalised; `plain` ones normalise their inputs, and learn from nothing. */
  readonly layout: "bert" | "plain";
  readonly width: number;
  readonly depth: number;
  readonly heads: number;
  /** Width of the feed-forward network as a multiple of the width. */
  readonly ratio: number;
  readonly dropout: number;
}

/// Devlin et al. 2019, appendix A.2.
const initial = normal(0.02);

/**
 * BERT with a linear layer that tells classes apart: what the paper prunes, large and small. Weights of its blocks are
 * pruned; embeddings, pooler and head are not. `int32 [B, T] -> [B, K]`
 */
export class TextClassifier extends Module implements TextEncoder {
  readonly tokens: Embedding;
  readonly positions: Embedding;
  readonly segments: Embedding | undefined;
  readonly embeddingNorm: LayerNorm | undefined;
  readonly dropout: Dropout;
  readonly encoder: Encoder;
  readonly pooler: Linear | undefined;
  readonly head: Linear;
  readonly outputs: number;
  readonly padding: number;

  constructor(
    options: TextClassifierOptions,
    { vocabulary, length, padding, classes = 2 }: LinkageTarget,
  ) {
    super();
    const { layout, width, depth, heads, ratio, dropout } = options;
    const isBert = layout === "bert";
    const norm = (size: number) => new LayerNorm({ width: size, epsilon: isBert ? 1e-12 : 1e-5 });
    this.tokens = new Embedding({ count: vocabulary, width, initial });
    this.positions = new Embedding({ count: length, width, initial });
    this.segments = isBert ? new Embedding({ count: 2, width, initial }) : undefined;
    this.embeddingNorm = isBert ? norm(width) : undefined;
    this.dropout = new Dropout(dropout);
    this.encoder = new Encoder({
      depth,
      block: {
        ...{ width, norm, dropout, order: isBert ? "post" : "pre" },
        attention: { heads, dropout },
        feedForward: { ratio },
      },
    });
    this.pooler = isBert ? new Linear({ in: width, out: width, initial }) : undefined;
    this.head = new Linear({ in: width, out: classes, initial });
    this.outputs = classes;
    this.padding = padding;
  }

  /** Scores of classes. `int32 [B, T] -> [B, K]` */
  forward(ids: Tensor, mode: Mode = inference): Tensor {
    const counts = notEqual(ids, this.padding);
    const { B, T } = dims(ids, "B T");
    let x = add(this.tokens.forward(ids), this.positions.forward(iota(ids.shape, 1)));
    if (this.segments) x = add(x, slice(this.segments.weight.tensor, [0], [1], { axes: [0] }));
    const given = this.dropout.forward(this.embeddingNorm?.forward(x) ?? x, mode);
    const read = this.encoder.forward(given, mode, { mask: reshape(counts, [B, 1, 1, T]) });
    const summary = this.pooler ? tanh(this.pooler.forward(first(read))) : maskedMean(read, counts);
    return this.head.forward(this.dropout.forward(summary, mode));
  }
}

function first(x: Tensor): Tensor {
  const { B, D } = dims(x, "B T D");
  return reshape(slice(x, [0], [1], { axes: [1] }), [B, D]);
}

/** Makes a text classifier for a tokenizer's texts. */
export function build(options: TextClassifierOptions, target: LinkageTarget): TextClassifier {
  return new TextClassifier(options, target);
}
