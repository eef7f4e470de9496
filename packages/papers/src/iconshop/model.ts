// B rows, T ids, C words of a caption, D width, V tokens of icons

import { IconCoding } from "@quire/data";
import {
  Dropout,
  inference,
  LayerNorm,
  LearnedPositions,
  Linear,
  type Mode,
  Module,
  normal,
  TransformerBlock,
} from "@quire/nn";
import { add, div, mul, QuireError, relu, slice, type Tensor, type Variable } from "@quire/tensor";
import { crossEntropy } from "@quire/train";
import type { IconInputs, IconLabels, IconNetwork, IconTarget } from "../tasks/icon-target.ts";
import { DEVIATION, PlaceHead, pointRows, TokenVectors } from "./tokens.ts";

/** What IconShop is made of. */
export interface IconShopOptions {
  readonly width: number;
  /** How many blocks there are. */
  readonly depth: number;
  readonly heads: number;
  /** Width of the hidden layers of blocks. */
  readonly feedForward: number;
  /** Share of values dropped in training; 0.1 unless said, as in the paper. */
  readonly dropout?: number;
  /** Whether a point's vector has its column's and its row's added; true unless said. */
  readonly places?: boolean;
  /** Whether a point's row of the head has its column's and its row's added too; false unless said. */
  readonly sharedHead?: boolean;
  /** How much an icon's tokens count in the loss, where a caption's words count 1; 7 unless said. */
  readonly iconWeight?: number;
}

/** Draws an icon token by token after its caption. `[B, T] -> [B, T, V]` */
export class IconShop extends Module implements IconNetwork {
  readonly embedding: TokenVectors;
  readonly positions: LearnedPositions;
  readonly dropout: Dropout;
  readonly blocks: readonly TransformerBlock[];
  readonly norm: LayerNorm;
  readonly wordHead: Linear;
  readonly tokenHead: Linear;
  readonly length: number;
  readonly captionLength: number;
  readonly iconWeight: number;

  constructor(options: IconShopOptions, target: IconTarget) {
    super();
    const { width, depth, heads, feedForward, dropout = 0.1, iconWeight = 7 } = options;
    checkSizes(options, target);
    this.embedding = new TokenVectors(options, target);
    this.length = target.captionLength + target.length;
    this.positions = new LearnedPositions({
      ...{ length: this.length, width },
      initial: normal(DEVIATION),
    });
    this.dropout = new Dropout(dropout);
    this.blocks = Array.from({ length: depth }, () => {
      return new TransformerBlock({
        ...{ width, dropout },
        attention: { heads, causal: true, dropout },
        feedForward: { ratio: feedForward / width, activation: relu, dropout },
      });
    });
    this.norm = new LayerNorm({ width });
    const { words, grid, scheme } = target;
    const { size } = new IconCoding({ grid, scheme });
    this.wordHead = new Linear({ in: width, out: words });
    this.tokenHead =
      scheme === "point" && options.sharedHead
        ? new PlaceHead({ width, grid })
        : new Linear({
            ...{ in: width, out: size },
            ...(scheme === "point" && { initial: pointRows(grid) }),
          });
    this.captionLength = target.captionLength;
    this.iconWeight = iconWeight;
  }

  /** `[words, D]` */
  get wordVectors(): Variable {
    return this.embedding.words.weight;
  }

  /**
   * Logits of the token after each id, or, going on from a reading, of the one after each row's last.
   * `[B, T] -> [B, T, V]`, or `[B, 1, V]`
   */
  forward(ids: Tensor, mode: Mode = inference, inputs: IconInputs = {}): Tensor {
    const { reading } = inputs;
    const x = this.#read(ids, mode, inputs);
    return this.tokenHead.forward(reading ? reading.last(x) : x);
  }

  /// Section 4.3: logits are masked, so that words are foretold where a caption stands and tokens where an icon does.
  /// Softmax over what is not masked is softmax over a head of its own, so the masked logits are never computed.
  /** The loss of captions and icons. `-> []` */
  loss({ ids, words, tokens }: IconLabels, mode: Mode): Tensor {
    const x = this.#read(ids, mode, {});
    const { captionLength: cut, iconWeight } = this;
    const [, length = 0] = ids.shape;
    const part = (from: number, to: number): Tensor => slice(x, [from], [to], { axes: [1] });
    const ofWords = crossEntropy(this.wordHead.forward(part(0, cut)), words);
    const logits = this.tokenHead.forward(part(cut, length));
    const ofIcon = crossEntropy(logits, tokens, { ignoreIndex: -1 });
    /// Eq. 5: the icon counts seven times what the text does.
    return div(add(ofWords, mul(ofIcon, iconWeight)), 1 + iconWeight);
  }

  /** What the last block leaves. `[B, T] -> [B, T, D]` */
  #read(ids: Tensor, mode: Mode, { reading, between }: IconInputs): Tensor {
    const vectors = this.embedding.forward(ids, between);
    let x = this.dropout.forward(this.positions.forward(vectors, reading?.positions), mode);
    for (const block of this.blocks) x = block.forward(x, mode, reading ? { reading } : {});
    return this.norm.forward(x);
  }
}

function checkSizes({ width, heads }: IconShopOptions, { length }: IconTarget): void {
  if (!Number.isInteger(width / heads)) {
    throw new QuireError(
      `the width ${width} does not divide into ${heads} heads; change one of them.`,
    );
  }
  if (length < 2)
    throw new QuireError(`icons of ${length} tokens draw nothing; give a longer --length.`);
}

/** Makes an IconShop for a vocabulary and a grid. */
export function build(options: IconShopOptions, target: IconTarget): IconShop {
  return new IconShop(options, target);
}
