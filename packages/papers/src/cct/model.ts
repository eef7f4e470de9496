// B images, C channels, H rows, W columns, N tokens, D width, K classes

import {
  Attention,
  Convolution,
  Dropout,
  FeedForward,
  fused,
  inference,
  kaimingNormal,
  type Layer,
  LayerNorm,
  LearnedPositions,
  Linear,
  linearRates,
  type Mode,
  Module,
  normal,
  PatchEmbedding,
  SequencePooling,
  SinePositions,
  StochasticDepth,
  uniform,
} from "@quire/nn";
import {
  add,
  concat,
  dims,
  expand,
  maxPool,
  QuireError,
  relu,
  reshape,
  slice,
  type Tensor,
  transpose,
  Variable,
} from "@quire/tensor";
import type { ImageTarget } from "../tasks/image-target.ts";

/** Convolutions that make tokens of an image, or one product a patch. */
export type TokenizerOptions =
  | {
      readonly layers: number;
      readonly kernel: number;
      readonly stride: number;
      readonly padding: number;
      /** The maximum after each convolution; of 3 x 3 with a stride of 2 and a padding of 1, as published, unless said. */
      readonly pooling?: Pooling;
    }
  | { readonly patch: number };

/** A maximum over windows of places. */
export interface Pooling {
  readonly kernel: number;
  readonly stride: number;
  readonly padding: number;
}

const publishedPooling: Pooling = { kernel: 3, stride: 2, padding: 1 };

/** Shares that training drops at random. */
export interface Regularization {
  /** Of the tokens' values after the positions, of each branch's output and of the hidden values. */
  readonly dropout: number;
  /** Of the attention weights. */
  readonly attention: number;
  /** Of the samples that skip a branch of the last block; it grows evenly from 0 at the first. */
  readonly stochasticDepth: number;
}

/** What tells ViT-Lite, CVT and CCT apart, and how large one is. */
export interface CompactTransformerOptions {
  readonly tokenizer: TokenizerOptions;
  /** How the tokens become one vector: CVT and CCT pool the sequence, ViT-Lite reads a class token. */
  readonly summary: "sequence pooling" | "class token";
  readonly positions: "learned" | "sine" | "none";
  readonly width: number;
  readonly depth: number;
  readonly heads: number;
  /** Width of the feed-forward network as a multiple of the width. */
  readonly ratio: number;
  /** Attention weights and branches at 0.1, as published, unless said. */
  readonly regularization?: Regularization;
}

/** Of the published sizes: nothing but attention weights and branches is dropped. */
const published: Regularization = { dropout: 0, attention: 0.1, stochasticDepth: 0.1 };

/// The official code truncates its draws at -2 and 2, many deviations away, which is not to truncate them.
const initial = normal(0.02);

/** Channels between the tokenizer's convolutions. */
const PLANES = 64;

/// Section 3.3: convolution, ReLU and max pooling instead of patches. Windows overlap, so neighbouring tokens share
/// pixels and their order is known before any position is added.
/** Makes tokens of images by convolutions. `[B, C, H, W] -> [B, N, D]` */
export class ConvolutionalTokenizer extends Module {
  readonly layers: Convolution[];
  readonly pooling: Pooling;

  constructor(
    channels: number,
    width: number,
    options: Exclude<TokenizerOptions, { patch: number }>,
  ) {
    super();
    const { layers, kernel, stride, padding, pooling = publishedPooling } = options;
    this.pooling = pooling;
    this.layers = Array.from({ length: layers }, (_, i) => {
      const from = i === 0 ? channels : PLANES;
      const to = i === layers - 1 ? width : PLANES;
      const shape = { in: from, out: to, kernel: [kernel, kernel], bias: false };
      return new Convolution({ ...shape, initial: kaimingNormal }, { stride, padding });
    });
  }

  /** `[B, C, H, W] -> [B, N, D]` */
  forward(images: Tensor): Tensor {
    let x = images;
    for (const layer of this.layers) {
      x = maxPool(relu(layer.forward(x)), this.pooling);
    }
    const { B, D, H, W } = dims(x, "B D H W");
    return transpose(reshape(x, [B, D, H * W]), [0, 2, 1]);
  }
}

/// The official code normalises twice, and the second time the stream itself: what the feed-forward branch is added
/// to is already normalised. The paper does not say so; its figures come from this code.
/** A block whose residual stream is normalised in its middle. `[B, N, D] -> [B, N, D]` */
export class CompactBlock extends Module {
  readonly attentionNorm: LayerNorm;
  readonly attention: Attention;
  readonly streamNorm: LayerNorm;
  readonly feedForward: FeedForward;
  readonly dropout: Dropout;
  readonly stochasticDepth: StochasticDepth;

  constructor(options: CompactTransformerOptions, skipped: number) {
    super();
    const { width, heads, ratio, regularization = published } = options;
    const projections = fused({ bias: false, outputBias: true, initial });
    this.attentionNorm = new LayerNorm({ width });
    this.attention = new Attention({
      width,
      heads,
      projections,
      dropout: regularization.attention,
    });
    this.streamNorm = new LayerNorm({ width });
    this.feedForward = new FeedForward({ width, ratio, initial, dropout: regularization.dropout });
    this.dropout = new Dropout(regularization.dropout);
    this.stochasticDepth = new StochasticDepth(skipped);
  }

  /** `[B, N, D] -> [B, N, D]` */
  forward(x: Tensor, mode: Mode = inference): Tensor {
    const attended = this.attention.forward(this.attentionNorm.forward(x), mode);
    const stream = this.streamNorm.forward(add(x, this.#dropped(attended, mode)));
    return add(stream, this.#dropped(this.feedForward.forward(stream, mode), mode));
  }

  #dropped(branch: Tensor, mode: Mode): Tensor {
    return this.stochasticDepth.forward(this.dropout.forward(branch, mode), mode);
  }
}

/** ViT-Lite, CVT or CCT: tokens, blocks, one vector, a score a class. `[B, C, H, W] -> [B, K]` */
export class CompactTransformer extends Module implements Layer {
  readonly tokenizer: ConvolutionalTokenizer | PatchEmbedding;
  readonly classToken: Variable | undefined;
  readonly positions: LearnedPositions | SinePositions | undefined;
  readonly dropout: Dropout;
  readonly blocks: CompactBlock[];
  readonly norm: LayerNorm;
  readonly pooling: SequencePooling | undefined;
  readonly head: Linear;

  constructor(options: CompactTransformerOptions, target: ImageTarget) {
    super();
    const { width, depth, tokenizer, summary, regularization = published } = options;
    this.tokenizer =
      "patch" in tokenizer
        ? patchesOf(target, width, tokenizer.patch)
        : new ConvolutionalTokenizer(target.channels, width, tokenizer);
    const hasToken = summary === "class token";
    this.classToken = hasToken ? new Variable([1, 1, width]) : undefined;
    this.positions = positionsOf(options, tokenCount(tokenizer, target) + (hasToken ? 1 : 0));
    this.dropout = new Dropout(regularization.dropout);
    const skipped = linearRates(depth, regularization.stochasticDepth);
    // A single block is the first, which never skips.
    this.blocks = skipped.map((rate) => new CompactBlock(options, depth === 1 ? 0 : rate));
    this.norm = new LayerNorm({ width });
    this.pooling = hasToken ? undefined : new SequencePooling({ width, initial });
    this.head = new Linear({ in: width, out: target.classes, initial });
  }

  /** `[B, C, H, W] -> [B, K]` */
  forward(images: Tensor, mode: Mode = inference): Tensor {
    return this.head.forward(this.#summarise(this.encode(images, mode)));
  }

  /** The tokens, a class token first where there is one, before they become one vector. `[B, C, H, W] -> [B, N, D]` */
  encode(images: Tensor, mode: Mode = inference): Tensor {
    const tokens = this.#withClassToken(this.tokenizer.forward(images));
    const placed = this.positions?.forward(tokens) ?? tokens;
    let x = this.dropout.forward(placed, mode);
    for (const block of this.blocks) x = block.forward(x, mode);
    return this.norm.forward(x);
  }

  #withClassToken(tokens: Tensor): Tensor {
    if (!this.classToken) return tokens;
    const { B, D } = dims(tokens, "B N D");
    return concat([expand(this.classToken, [B, 1, D]), tokens], 1);
  }

  /// Section 3.2, eq. 1 to 3: the vectors' mean, weighed by softmax(g(x)) with a linear g, so that no token
  /// is set aside for the class and all of them inform it.
  #summarise(x: Tensor): Tensor {
    if (this.pooling) return this.pooling.forward(x);
    const { B, D } = dims(x, "B N D");
    return reshape(slice(x, [0], [1], { axes: [1] }), [B, D]);
  }
}

function patchesOf({ channels }: ImageTarget, width: number, patch: number): PatchEmbedding {
  const initialBias = uniform(1 / Math.sqrt(channels * patch * patch));
  return new PatchEmbedding({ in: channels, width, patch, initial: kaimingNormal, initialBias });
}

function positionsOf(
  { positions, width }: CompactTransformerOptions,
  length: number,
): LearnedPositions | SinePositions | undefined {
  if (positions === "none") return undefined;
  if (positions === "sine") return new SinePositions({ length, width });
  return new LearnedPositions({ length, width, initial: normal(0.2) });
}

/**
 * How many tokens an image becomes.
 *
 * @throws QuireError when patches do not tile the image, or it is too small for the convolutions.
 */
export function tokenCount(tokenizer: TokenizerOptions, { height, width }: ImageTarget): number {
  const sides = [height, width].map((side) => sideAfter(tokenizer, side));
  if (sides.every((side) => side > 0 && Number.isInteger(side))) {
    return sides.reduce((product, side) => product * side, 1);
  }
  const images = `images of ${height} x ${width}`;
  throw new QuireError(
    "patch" in tokenizer
      ? `patches of ${tokenizer.patch} pixels do not tile ${images}; choose another size.`
      : `${images} are too small for ${tokenizer.layers} convolutions; choose a larger size.`,
  );
}

function sideAfter(tokenizer: TokenizerOptions, side: number): number {
  if ("patch" in tokenizer) return side / tokenizer.patch;
  const { layers, pooling = publishedPooling, ...convolution } = tokenizer;
  const after = (size: number, window: Pooling): number =>
    Math.floor((size + 2 * window.padding - window.kernel) / window.stride) + 1;
  let size = side;
  for (let i = 0; i < layers; i++) {
    const convolved = after(size, convolution);
    size = after(convolved, pooling);
    if (convolved < 1) return 0;
  }
  return size;
}

/** Makes a compact transformer for images of a size. */
export function build(options: CompactTransformerOptions, target: ImageTarget): CompactTransformer {
  return new CompactTransformer(options, target);
}
