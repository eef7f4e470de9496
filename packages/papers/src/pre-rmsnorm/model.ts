// B batch, T length, D width, V vocabulary, K classes

import {
  Embedding,
  Encoder,
  type Layer,
  LearnedPositions,
  Linear,
  Module,
  normal,
  PatchEmbedding,
} from "@quire/nn";
import {
  concat,
  dims,
  expand,
  matmul,
  mean,
  QuireError,
  reshape,
  slice,
  type Tensor,
  Variable,
} from "@quire/tensor";
import type { NormKind } from "./found-norms.ts";
import { type NormStyle, normOf } from "./norms.ts";
import { rewriteNorms } from "./rewrite.ts";

/** What a transformer whose norms come first is made of. */
export interface PreNormOptions {
  /** `vit` reads images and a class token, `gpt` reads from left to right, `bert` reads both ways. */
  readonly shape: "vit" | "gpt" | "bert";
  readonly width: number;
  readonly depth: number;
  readonly heads: number;
  /** Which norms it computes with; the parameters are those of `pre-ln` in any case. */
  readonly form?: NormKind;
  /** How it differs from the models as they were published. */
  readonly style?: PreNormStyle;
}

/** How a transformer differs from ViT, GPT and BERT as they were published, as the official models do. */
export interface PreNormStyle {
  /** Width of a head; the width / heads unless said. */
  readonly headWidth?: number;
  /** Width of the feed-forward network's hidden layer; four times the width unless said. */
  readonly hidden?: number;
  /** What the norms are; `layer` unless said, the only one besides `plain layer` that has other forms. */
  readonly norm?: NormStyle;
  /** Added under the norms' root; 1e-6 in `vit`, 1e-5 in the others unless said, as they were published. */
  readonly epsilon?: number;
  /** What an image's scores are made from; the class token unless said. */
  readonly summary?: "class token" | "mean";
  /** Whether the class token has a position; true unless said. */
  readonly placesClassToken?: boolean;
  /** Whether tokens are scored by a linear layer in place of their own vectors; false unless said. */
  readonly ownHead?: boolean;
}

/** A side of a square, or the rows and columns of a rectangle. */
export type Sides = number | readonly [rows: number, columns: number];

/** What it reads: images that are tiled by patches and told apart, or texts. */
export type PreNormTarget =
  | {
      readonly size: Sides;
      readonly channels: number;
      readonly patch: Sides;
      readonly classes: number;
    }
  | { readonly vocabulary: number; readonly length: number };

/** Rows and columns. */
export function sidesOf(sides: Sides): readonly [rows: number, columns: number] {
  return typeof sides === "number" ? [sides, sides] : sides;
}

const initial = normal(0.02);
/** As ViT, GPT and BERT all have it. */
const RATIO = 4;

/**
 * A transformer whose norms come first, in one of three forms that compute the same: as Pre-LN, Pre-RMSNorm or
 * Pre-CRMSNorm. The forms without a mean recentre their weights wherever they are used (section 3.2), so that all
 * three have the same parameters and the same gradients. `[B, C, H, W] -> [B, K]`, or `[B, T] -> [B, T, V]`
 */
export class PreNormTransformer extends Module {
  readonly network: Layer;
  readonly form: NormKind;

  constructor(options: PreNormOptions, target: PreNormTarget) {
    super();
    const { form = "pre-ln", style: { norm = "layer" } = {} } = options;
    if (form !== "pre-ln" && norm !== "layer" && norm !== "plain layer") {
      throw new QuireError(
        `a model of norms "${norm}" has no form ${form}; leave the form out, or take norms "layer".`,
      );
    }
    this.form = form;
    this.network =
      "vocabulary" in target
        ? new TextTransformer(options, target)
        : new ImageTransformer(options, target);
  }

  /** `[B, C, H, W] -> [B, K]`, or `[B, T] -> [B, T, V]` */
  forward(x: Tensor): Tensor {
    const scores = this.network.forward(x);
    if (this.form === "pre-ln") return scores;
    return rewriteNorms([scores], this.form).outputs[0] as Tensor;
  }
}

function blocksOf(options: PreNormOptions, usual: number): Encoder {
  const { width, depth, heads: count, shape, style = {} } = options;
  const { norm = "layer", epsilon = usual, headWidth = width / count } = style;
  const heads = { count, width: headWidth };
  const block = {
    width,
    attention: { heads, causal: shape === "gpt" },
    feedForward: { ratio: (style.hidden ?? RATIO * width) / width },
    norm: (size: number) => normOf(norm, size, epsilon),
  };
  return new Encoder({ depth, block });
}

/** ViT (Dosovitskiy et al. 2021, section 3.1). `[B, C, H, W] -> [B, K]` */
class ImageTransformer extends Module implements Layer {
  readonly patches: PatchEmbedding;
  readonly classToken: Variable;
  readonly positions: LearnedPositions;
  readonly encoder: Encoder;
  readonly head: Linear;
  readonly summary: "class token" | "mean";
  readonly #placesClassToken: boolean;

  constructor(options: PreNormOptions, target: Extract<PreNormTarget, { size: Sides }>) {
    super();
    const { width, style = {} } = options;
    const { summary = "class token", placesClassToken = true } = style;
    const { size, channels, patch, classes } = target;
    const length = tilesOf(size, patch) + Number(placesClassToken);
    this.patches = new PatchEmbedding({ in: channels, width, patch: sidesOf(patch), initial });
    this.classToken = new Variable([1, 1, width], { initial });
    this.positions = new LearnedPositions({ length, width, initial });
    this.encoder = blocksOf(options, 1e-6);
    this.head = new Linear({ in: width, out: classes, initial });
    this.summary = summary;
    this.#placesClassToken = placesClassToken;
  }

  /** `[B, C, H, W] -> [B, K]` */
  forward(images: Tensor): Tensor {
    const patches = this.patches.forward(images);
    const { B, D } = dims(patches, "B T D");
    const first = expand(this.classToken, [B, 1, D]);
    const tokens = this.#placesClassToken
      ? this.positions.forward(concat([first, patches], 1))
      : concat([first, this.positions.forward(patches)], 1);
    return this.head.forward(this.#summary(tokens));
  }

  /** `[B, T, D] -> [B, D]` */
  #summary(tokens: Tensor): Tensor {
    const { encoder } = this;
    if (this.summary === "class token") {
      const { B, D } = dims(tokens, "B T D");
      return reshape(slice(encoder.forward(tokens), [0], [1], { axes: [1] }), [B, D]);
    }
    // The official models norm the mean of all tokens, where others take the mean of normed ones.
    const read = encoder.blocks.reduce((x, block) => block.forward(x), tokens);
    const whole = mean(read, { axes: [1] });
    return encoder.norm?.forward(whole) ?? whole;
  }
}

function tilesOf(size: Sides, patch: Sides): number {
  const [[rows, columns], [high, wide]] = [sidesOf(size), sidesOf(patch)];
  return (rows / high) * (columns / wide);
}

/** GPT-3 (Brown et al. 2020, section 2.1), or BERT with its norms first; tokens are scored by their own vectors, or a head. */
class TextTransformer extends Module implements Layer {
  readonly tokens: Embedding;
  readonly positions: LearnedPositions;
  readonly encoder: Encoder;
  readonly head: Linear | undefined;

  constructor(options: PreNormOptions, target: Extract<PreNormTarget, { vocabulary: number }>) {
    super();
    const { width } = options;
    this.tokens = new Embedding({ count: target.vocabulary, width, initial });
    this.positions = new LearnedPositions({ length: target.length, width, initial });
    this.encoder = blocksOf(options, 1e-5);
    const own = { in: width, out: target.vocabulary, initial };
    this.head = options.style?.ownHead ? new Linear(own) : undefined;
  }

  /** `[B, T] -> [B, T, V]` */
  forward(ids: Tensor): Tensor {
    const read = this.encoder.forward(this.positions.forward(this.tokens.forward(ids)));
    return this.head?.forward(read) ?? matmul(read, this.tokens.weight, { transposeB: true });
  }
}

/** Makes a transformer of a form for images or texts. */
export function build(options: PreNormOptions, target: PreNormTarget): PreNormTransformer {
  return new PreNormTransformer(options, target);
}
