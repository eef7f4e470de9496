// B rows, T tokens, D width, V vocabulary

import {
  Embedding,
  FeedForward,
  headSlopes,
  inference,
  type Layer,
  LayerNorm,
  Linear,
  type Mode,
  Module,
  normal,
  SimpleRMSNorm,
  sglu,
} from "@quire/nn";
import { add, matmul, mul, QuireError, type Tensor } from "@quire/tensor";
import type { LanguageTarget } from "../tasks/language-target.ts";
import {
  type GatedAttentionStyle,
  GatedLinearAttention,
  type LinearInputs,
} from "./gated-attention.ts";
import type { LrpeForm } from "./lrpe.ts";

/** What TransNormerLLM is made of. */
export interface TransNormerOptions {
  readonly width: number;
  /** How many blocks there are. */
  readonly depth: number;
  readonly heads: number;
  /** Width of the hidden layer of SGLU. */
  readonly feedForward: number;
  readonly attention?: GatedAttentionStyle;
  /** Which blocks turn queries and keys by positions, and how; the first, by products, unless said. */
  readonly lrpe?: {
    /** A list says it of each block. */
    readonly blocks: "first" | "later" | "all" | "none" | readonly boolean[];
    readonly form?: LrpeForm;
  };
  /** How tokens go in and out. */
  readonly embedding?: {
    /** Whether the head's weight is the embedding's; false unless said. */
    readonly tied?: boolean;
    /** Whether embeddings are multiplied by √D; true unless said. */
    readonly scaled?: boolean;
  };
  /** Biases of all linear layers but the head's, and the normalisation. */
  readonly layers?: {
    readonly bias?: boolean;
    readonly norm?: "simple rms" | "layer";
  };
}

/// Figure 3: X + GLA(SRMSNorm(X)), then X + SGLU(SRMSNorm(X)).
/** A block of TransNormerLLM. `[B, T, D] -> [B, T, D]` */
class TransNormerBlock extends Module {
  readonly attentionNorm: Layer;
  readonly attention: GatedLinearAttention;
  readonly feedForwardNorm: Layer;
  readonly feedForward: FeedForward;

  constructor(options: TransNormerOptions, slopes: readonly number[], lrpe: LrpeForm | undefined) {
    super();
    const { width, heads, feedForward, attention: style = {}, layers = {} } = options;
    const { bias = false, norm: name = "simple rms" } = layers;
    const norm = (size: number): Layer => normOf(name, size);
    this.attentionNorm = norm(width);
    this.attention = new GatedLinearAttention({ width, heads, style, slopes, lrpe, bias, norm });
    this.feedForwardNorm = norm(width);
    /// Eq. 12: O = (V ⊙ U) Wo without an activation, since the gate bends already (table 9).
    this.feedForward = new FeedForward({
      ...{ width, ratio: feedForward / width, activation: sglu, bias },
      initial: normal(0.02),
    });
  }

  /** `[B, T, D] -> [B, T, D]` */
  forward(x: Tensor, mode: Mode, inputs: LinearInputs): Tensor {
    const y = add(x, this.attention.forward(this.attentionNorm.forward(x, mode), mode, inputs));
    return add(y, this.feedForward.forward(this.feedForwardNorm.forward(y, mode), mode));
  }
}

/** A language model with linear attention: its memory does not grow with the text. `[B, T] -> [B, T, V]` */
export class TransNormer extends Module {
  readonly tokens: Embedding;
  readonly blocks: readonly TransNormerBlock[];
  readonly norm: Layer;
  /** None where the embedding's weight serves. */
  readonly head: Linear | undefined;
  readonly scale: number;

  constructor(options: TransNormerOptions, { vocabulary }: LanguageTarget) {
    super();
    const { width, depth, heads, embedding = {}, layers = {} } = options;
    checkHeads(options);
    const { tied = false, scaled = true } = embedding;
    const initial = normal(0.02);
    this.tokens = new Embedding({ count: vocabulary, width, initial });
    this.blocks = Array.from({ length: depth }, (_, block) => {
      const slopes = headSlopes(heads).map((slope) => slope * temperature(block, depth));
      return new TransNormerBlock(options, slopes, lrpeOf(options, block));
    });
    this.norm = normOf(layers.norm ?? "simple rms", width);
    this.head = tied ? undefined : new Linear({ in: width, out: vocabulary, bias: false, initial });
    this.scale = scaled ? Math.sqrt(width) : 1;
  }

  /**
   * The logits of the token after each one, or, where it goes on from what was read, of the one after each row's
   * last. `[B, T] -> [B, T, V]`, or `[B, 1, V]`
   */
  forward(ids: Tensor, mode: Mode = inference, inputs: LinearInputs = {}): Tensor {
    const { reading } = inputs;
    const embedded = this.tokens.forward(ids);
    let x = this.scale === 1 ? embedded : mul(embedded, this.scale);
    for (const block of this.blocks) x = block.forward(x, mode, inputs);
    const y = this.norm.forward(reading ? reading.last(x) : x, mode);
    return this.head?.forward(y) ?? matmul(y, this.tokens.weight, { transposeB: true });
  }

  /** The same by tables of all pairs: by operations that do not depend on the length. `[B, T] -> [B, T, V]` */
  ofAnyLength(ids: Tensor): Tensor {
    return this.forward(ids, inference, { form: "quadratic" });
  }
}

/// Eq. 10 and table 5: λ = e^(-s (1 - l/L)) fades faster in the lower layers. The official code divides by L - 1 and
/// adds 1e-5, so that the last layer hardly fades; so do we. It has no single layer, which would divide by 0.
function temperature(block: number, depth: number): number {
  return 1 - block / Math.max(1, depth - 1) + 1e-5;
}

function lrpeOf({ lrpe }: TransNormerOptions, block: number): LrpeForm | undefined {
  const { blocks = "first", form = "product" } = lrpe ?? {};
  const has = { first: block === 0, later: block > 0, all: true, none: false };
  const isTurned = typeof blocks === "string" ? has[blocks] : blocks[block];
  return isTurned ? form : undefined;
}

function normOf(name: "simple rms" | "layer", width: number): Layer {
  return name === "layer" ? new LayerNorm({ width }) : new SimpleRMSNorm({ width });
}

function checkHeads({ width, heads, attention }: TransNormerOptions): void {
  const { hidden = width } = attention ?? {};
  if (Number.isInteger(hidden / heads)) return;
  throw new QuireError(
    `the width ${hidden} does not divide into ${heads} heads; change one of them.`,
  );
}

/** Makes a TransNormerLLM for a vocabulary. */
export function build(options: TransNormerOptions, target: LanguageTarget): TransNormer {
  return new TransNormer(options, target);
}
