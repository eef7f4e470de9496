// P processes, B batch, T length, D width, V vocabulary, N a process's share of it

import {
  DividedVocabulary,
  type Division,
  Dropout,
  Embedding,
  HeldLayerNorm,
  HeldLinear,
  inference,
  LearnedPositions,
  Linear,
  type Mode,
  Module,
  normal,
  type ReadingInputs,
  separate,
  TransformerBlock,
  undivided,
} from "@quire/nn";
import {
  add,
  embedding,
  gelu,
  geluTanh,
  mul,
  partOfGroup,
  recompute,
  reshape,
  slice,
  sumOverGroup,
  type Tensor,
  tanh,
} from "@quire/tensor";
import { crossEntropy } from "@quire/train";
import type {
  LanguageNetwork,
  LanguageTarget,
  MaskedLanguageNetwork,
} from "../tasks/language-target.ts";

/** What a model of Megatron-LM is made of. */
export interface MegatronOptions {
  readonly width: number;
  /** How many blocks there are. */
  readonly depth: number;
  readonly heads: number;
  /** Share of values dropped in training; 0.1 unless said, as in the paper. */
  readonly dropout?: number;
  /** Whether the values inside of blocks are computed once more for the gradient; false unless said. */
  readonly recompute?: boolean;
  /** How its blocks differ from the published ones. */
  readonly style?: MegatronStyle;
  /** What only BERT has. */
  readonly bert?: {
    /** Kinds of sentences, each with a vector; 2 unless said. */
    readonly sentences?: number;
    /** Whether it tells in which order two sentences stand; true unless said. */
    readonly tellsOrder?: boolean;
    /** Before gaps are filled; `gelu` unless said. */
    readonly activation?: ActivationName;
  };
}

/** How the blocks of a model differ from the published ones, as the official programs can be told. */
export interface MegatronStyle {
  /** Width of a head; the width / heads unless said. */
  readonly headWidth?: number;
  /** Width of the feed-forward network's hidden layer; four times the width unless said. */
  readonly hidden?: number;
  /** Between the layers of a block; `gelu` unless said. */
  readonly activation?: ActivationName;
  /** Added to the variance in normalisations; 1e-5 unless said. */
  readonly epsilon?: number;
  /** Whether a branch's input is normalised, or, as in BERT of before, the sum after it; `pre` unless said (figure 7). */
  readonly order?: "pre" | "post";
}

/** GELU, or GPT-2's formula for it with a hyperbolic tangent. */
export type ActivationName = "gelu" | "tanh gelu";

const activations: Readonly<Record<ActivationName, (x: Tensor) => Tensor>> = {
  gelu,
  "tanh gelu": geluTanh,
};

/// Section 5.2: weights are drawn from N(0, 0.02²), those before a residual sum scaled by 1/√(2L). The narrowest published
/// model is 1,024 wide; narrower ones draw from as wide a distribution as keeps the products as large as they are there.
function deviation(width: number): number {
  return 0.02 * Math.max(1, Math.sqrt(1024 / width));
}

/** What a reading is given beside tokens. */
interface EmbeddingInputs extends ReadingInputs {
  /** Which sentence a token is of, `[B, T]`. */
  readonly sentences?: Tensor;
}

/** What the blocks read: tokens and their places, of its own positions where they are divided. */
class Embeddings extends Module {
  readonly tokens: DividedVocabulary;
  readonly positions: LearnedPositions;
  /** BERT's vectors of the first and the second sentence. */
  readonly sentences: Embedding | undefined;
  readonly dropout: Dropout;
  readonly #division: Division;

  constructor(
    { width, dropout = 0.1 }: MegatronOptions,
    { vocabulary, context }: LanguageTarget,
    division: Division,
    bert?: { readonly sentences: number },
  ) {
    super();
    const initial = normal(deviation(width));
    const words = { count: vocabulary, width, initial, division, bias: bert !== undefined };
    this.tokens = new DividedVocabulary(words);
    this.positions = new LearnedPositions({ length: context, width, initial });
    const count = bert?.sentences ?? 0;
    this.sentences = count > 0 ? new Embedding({ count, width, initial }) : undefined;
    this.dropout = new Dropout(dropout);
    this.#division = division;
  }

  /** `[B, T] -> [B, T (/ P), D]` */
  forward(ids: Tensor, mode: Mode, { reading, sentences }: EmbeddingInputs): Tensor {
    const placed = this.#placed(this.tokens.forward(ids), ids, reading);
    const all = sentences && this.sentences ? add(placed, this.#ofSentences(sentences)) : placed;
    return this.dropout.forward(all, this.#division.between(mode));
  }

  #placed(vectors: Tensor, ids: Tensor, reading: ReadingInputs["reading"]): Tensor {
    const { sequence, group } = this.#division;
    if (!sequence) return this.positions.forward(vectors, reading?.positions);
    const [, length = 0] = ids.shape;
    const places = slice(this.positions.weight, [0], [length], { axes: [0] });
    return add(vectors, partOfGroup(places, group));
  }

  #ofSentences(sentences: Tensor): Tensor {
    const { sequence, group } = this.#division;
    const own = sequence ? partOfGroup(sentences, group, 1) : sentences;
    return embedding(this.#division.held((this.sentences as Embedding).weight), own);
  }
}

/** The blocks of a model, and the normalisation after them, or before them where sums are normalised. */
class Blocks extends Module {
  readonly blocks: readonly TransformerBlock[];
  readonly norm: HeldLayerNorm;
  readonly order: "pre" | "post";
  readonly #division: Division;
  readonly #isRecomputed: boolean;

  constructor(options: MegatronOptions, causal: boolean, division: Division) {
    super();
    const { width, depth, dropout = 0.1, style: { epsilon = 1e-5, order = "pre" } = {} } = options;
    const norm = (size: number): HeldLayerNorm =>
      new HeldLayerNorm({ width: size, epsilon, division });
    const block = { ...partsOf(options, causal, division), norm, order, dropout };
    this.blocks = Array.from({ length: depth }, () => new TransformerBlock(block));
    this.norm = norm(width);
    this.order = order;
    this.#division = division;
    this.#isRecomputed = options.recompute ?? false;
  }

  /** `[B, T (/ P), D] -> [B, T (/ P), D]` */
  forward(x: Tensor, mode: Mode, { reading }: ReadingInputs): Tensor {
    const inner = this.#division.between(mode);
    const inputs = reading ? { reading } : {};
    /// Figure 7: the normalisation stands before attention and feed-forward network, inside of the residual branch; with
    /// the order of BERT, larger models get worse.
    const isPre = this.order === "pre";
    let y = isPre ? x : this.norm.forward(x);
    for (const block of this.blocks) {
      const run = (h: Tensor): Tensor => block.forward(h, inner, inputs);
      /// Section 5.1: only each block's input is kept for the gradient.
      y = this.#isRecomputed && mode.training ? recompute(run, y) : run(y);
    }
    const last = reading ? reading.last(y) : y;
    return isPre ? this.norm.forward(last) : last;
  }
}

/// Figure 3: f before the divided products and g after them stand in attention and in the feed-forward network, so that a
/// block has two sums forward and two backward.
function partsOf(options: MegatronOptions, causal: boolean, division: Division) {
  const { width, depth, heads: count, dropout = 0.1, style = {} } = options;
  const { activation = "gelu", headWidth = width / count, hidden = 4 * width } = style;
  const initial = normal(deviation(width));
  const initialOutput = normal(deviation(width) / Math.sqrt(2 * depth));
  const projections = separate({ initial, initialOutput, division });
  const heads = { count, width: headWidth };
  const ratio = hidden / width;
  return {
    width,
    attention: { heads, causal, projections, dropout },
    feedForward: {
      ...{ ratio, activation: activations[activation], initial, initialOutput, division },
    },
  };
}

/** GPT-2 as the paper trains it. `[B, T] -> [B, T, V]` */
export class MegatronGpt extends Module implements LanguageNetwork {
  readonly embeddings: Embeddings;
  readonly body: Blocks;
  /** The most tokens it can read. */
  readonly length: number;

  constructor(options: MegatronOptions, target: LanguageTarget, division: Division = undivided) {
    super();
    this.embeddings = new Embeddings(options, target, division);
    this.body = new Blocks(options, true, division);
    this.length = target.context;
  }

  /**
   * The logits of the token after each one, or, where it goes on from what was read, of the one after each row's last.
   * `[B, T] -> [B, T, V]`, or `[B, 1, V]`
   */
  forward(ids: Tensor, mode: Mode = inference, inputs: ReadingInputs = {}): Tensor {
    return this.embeddings.tokens.allScores(this.#scores(ids, mode, inputs));
  }

  /// Section 3: the scores stay where they are, and the loss exchanges three numbers a token in place of V.
  /** The mean cross-entropy of the tokens that follow. `[B, T], [B, T] -> []` */
  loss(ids: Tensor, next: Tensor, mode: Mode): Tensor {
    return this.embeddings.tokens.crossEntropy(this.#scores(ids, mode, {}), next);
  }

  #scores(ids: Tensor, mode: Mode, inputs: ReadingInputs): Tensor {
    const x = this.embeddings.forward(ids, mode, inputs);
    return this.embeddings.tokens.scores(this.body.forward(x, mode, inputs));
  }
}

/** A batch of BERT's: tokens with gaps, what stood in them, and whether the second sentence follows the first. */
export interface BertBatch {
  /** int32 `[B, T]` */
  readonly ids: Tensor;
  /** Which sentence a token is of, 0 or 1, int32 `[B, T]`. */
  readonly sentences: Tensor;
  /** What stood in the gaps, int32 `[B, T]`; any token elsewhere. */
  readonly labels: Tensor;
  /** Which tokens are gaps, bool `[B, T]`. */
  readonly gaps: Tensor;
  /** Whether the sentences stand in the wrong order, int32 `[B]`. */
  readonly order: Tensor;
}

/** BERT as the paper trains it, with the normalisation inside of the branches. */
export class MegatronBert extends Module implements MaskedLanguageNetwork {
  readonly objective = "masked";
  /** Whether it tells in which order two sentences stand. */
  readonly readsPairs: boolean;
  /** The most tokens it can read. */
  readonly length: number;
  readonly embeddings: Embeddings;
  readonly body: Blocks;
  readonly transform: HeldLinear;
  readonly transformNorm: HeldLayerNorm;
  readonly pooler: Linear | undefined;
  readonly order: Linear | undefined;
  readonly #activation: (x: Tensor) => Tensor;
  readonly #division: Division;

  constructor(options: MegatronOptions, target: LanguageTarget, division: Division = undivided) {
    super();
    const { width, style: { epsilon = 1e-5 } = {}, bert = {} } = options;
    const { sentences = 2, tellsOrder = true, activation = "gelu" } = bert;
    const initial = normal(deviation(width));
    this.embeddings = new Embeddings(options, target, division, { sentences });
    this.body = new Blocks(options, false, division);
    this.transform = new HeldLinear({ in: width, out: width, initial, division });
    this.transformNorm = new HeldLayerNorm({ width, epsilon, division });
    this.pooler = tellsOrder ? new Linear({ in: width, out: width, initial }) : undefined;
    this.order = tellsOrder ? new Linear({ in: width, out: 2, initial }) : undefined;
    this.readsPairs = tellsOrder;
    this.length = target.context;
    this.#activation = activations[activation];
    this.#division = division;
  }

  /** The scores of tokens in the gaps. `[B, T], [B, T] -> [B, T, V]` */
  forward(ids: Tensor, sentences: Tensor, mode: Mode = inference): Tensor {
    return this.embeddings.tokens.allScores(this.#scores(this.#read(ids, sentences, mode)));
  }

  /// Section 4.1: gaps are filled, and the order of two sentences is told (Lan et al. 2019, section 3.1).
  /** The mean cross-entropy of what stood in the gaps, and that of the order. */
  loss({ ids, sentences, labels, gaps, order }: BertBatch, mode: Mode): Tensor {
    const x = this.#read(ids, sentences, mode);
    const filled = this.embeddings.tokens.crossEntropy(this.#scores(x), labels, gaps);
    const told = this.#orderOf(x);
    return told ? add(filled, crossEntropy(told, order)) : filled;
  }

  /** The scores of both orders of the sentences, where it tells them. `[B, T], [B, T] -> [B, 2]` */
  orderScores(ids: Tensor, sentences: Tensor): Tensor | undefined {
    return this.#orderOf(this.#read(ids, sentences, inference));
  }

  #orderOf(x: Tensor): Tensor | undefined {
    return this.pooler && this.order?.forward(tanh(this.pooler.forward(this.#first(x))));
  }

  #read(ids: Tensor, sentences: Tensor, mode: Mode): Tensor {
    return this.body.forward(this.embeddings.forward(ids, mode, { sentences }), mode, {});
  }

  /** `[B, T (/ P), D] -> [B, T, N]` */
  #scores(x: Tensor): Tensor {
    const transformed = this.transformNorm.forward(this.#activation(this.transform.forward(x)));
    return this.embeddings.tokens.scores(transformed);
  }

  /** The first position, which process 0 has where positions are divided. `[B, T (/ P), D] -> [B, D]` */
  #first(x: Tensor): Tensor {
    const { sequence, group } = this.#division;
    const [batch = 0, , width = 0] = x.shape;
    const first = reshape(slice(x, [0], [1], { axes: [1] }), [batch, width]);
    return sequence ? sumOverGroup(mul(first, group.rank === 0 ? 1 : 0), group) : first;
  }
}

/** Makes a GPT for a vocabulary, or a BERT where gaps are to be filled; divided among processes if there are some. */
export function build(
  options: MegatronOptions,
  target: LanguageTarget,
  division?: Division,
): MegatronGpt | MegatronBert {
  const kind = target.objective === "masked" ? MegatronBert : MegatronGpt;
  return new kind(options, target, division);
}
