// B batch, T length, D width, V vocabulary, K classes

import {
  Embedding,
  Encoder,
  type Layer,
  LayerNorm,
  LearnedPositions,
  Linear,
  Module,
  normal,
  PatchEmbedding,
} from "@quire/nn";
import { concat, dims, expand, matmul, reshape, slice, type Tensor, Variable } from "@quire/tensor";
import type { NormKind } from "./found-norms.ts";
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
}

/** What it reads: images that are tiled by patches and told apart, or texts. */
export type PreNormTarget =
  | {
      readonly size: number;
      readonly channels: number;
      readonly patch: number;
      readonly classes: number;
    }
  | { readonly vocabulary: number; readonly length: number };

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
    this.form = options.form ?? "pre-ln";
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

function blocksOf({ width, depth, heads, shape }: PreNormOptions, epsilon: number): Encoder {
  const block = {
    width,
    attention: { heads, causal: shape === "gpt" },
    feedForward: { ratio: RATIO },
    norm: (size: number) => new LayerNorm({ width: size, epsilon }),
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

  constructor(options: PreNormOptions, target: Extract<PreNormTarget, { size: number }>) {
    super();
    const { width } = options;
    const { size, channels, patch, classes } = target;
    this.patches = new PatchEmbedding({ in: channels, width, patch, initial });
    this.classToken = new Variable([1, 1, width], { initial });
    this.positions = new LearnedPositions({ length: (size / patch) ** 2 + 1, width, initial });
    this.encoder = blocksOf(options, 1e-6);
    this.head = new Linear({ in: width, out: classes, initial });
  }

  /** `[B, C, H, W] -> [B, K]` */
  forward(images: Tensor): Tensor {
    const tokens = this.patches.forward(images);
    const { B, D } = dims(tokens, "B T D");
    const all = concat([expand(this.classToken, [B, 1, D]), tokens], 1);
    const read = this.encoder.forward(this.positions.forward(all));
    return this.head.forward(reshape(slice(read, [0], [1], { axes: [1] }), [B, D]));
  }
}

/** GPT-3 (Brown et al. 2020, section 2.1), or BERT with its norms first; tokens are scored by their own vectors. */
class TextTransformer extends Module implements Layer {
  readonly tokens: Embedding;
  readonly positions: LearnedPositions;
  readonly encoder: Encoder;

  constructor(options: PreNormOptions, target: Extract<PreNormTarget, { vocabulary: number }>) {
    super();
    const { width } = options;
    this.tokens = new Embedding({ count: target.vocabulary, width, initial });
    this.positions = new LearnedPositions({ length: target.length, width, initial });
    this.encoder = blocksOf(options, 1e-5);
  }

  /** `[B, T] -> [B, T, V]` */
  forward(ids: Tensor): Tensor {
    const read = this.encoder.forward(this.positions.forward(this.tokens.forward(ids)));
    return matmul(read, this.tokens.weight, { transposeB: true });
  }
}

/** Makes a transformer of a form for images or texts. */
export function build(options: PreNormOptions, target: PreNormTarget): PreNormTransformer {
  return new PreNormTransformer(options, target);
}
