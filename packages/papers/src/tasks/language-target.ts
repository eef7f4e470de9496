import type { Mode, Module, ReadingInputs } from "@quire/nn";
import type { Tensor } from "@quire/tensor";
import type { Traced } from "@quire/train";
import type { Build, ModelDescription, Paper } from "../paper.ts";
import type { Recipe } from "../recipe.ts";
import type { MaskedBatch } from "./masked-windows.ts";

/** What a language model reads. */
export interface LanguageTarget {
  /** How many different tokens there are. */
  readonly vocabulary: number;
  /** Tokens of the windows it is trained on. */
  readonly context: number;
  /** What it says: what comes next, or, reading both ways, what stands in gaps; what comes next unless said. */
  readonly objective?: LanguageObjective;
}

/** What a language model learns to say: the next token, or those that gaps hide. */
export type LanguageObjective = "next" | "masked";

/** How a paper trains a language model; a batch is of windows. */
export type LanguageRecipe = Recipe;

/** A paper whose system models language. */
export type LanguagePaper<Options = object> = Paper<Options, LanguageTarget, LanguageRecipe> & {
  readonly task: "language-modelling";
};

/** A model that says what follows each token, or, going on from a reading, the last one of each row. */
export interface LanguageNetwork extends Module {
  /** Logits. `[B, T] -> [B, T, V]`; with a reading `[B, T] -> [B, 1, V]` */
  forward(ids: Tensor, mode?: Mode, inputs?: ReadingInputs): Tensor;
  /** The mean cross-entropy of the tokens that follow, `[B, T], [B, T] -> []`; that of `forward`'s logits unless said. */
  loss?(ids: Tensor, next: Tensor, mode: Mode): Tensor;
  /** The same by operations that do not depend on the length, for a file; `forward` unless said. */
  ofAnyLength?(ids: Tensor): Tensor;
  /** The most tokens it can read; any number unless said. */
  readonly length?: number;
}

/** A model that reads both ways and says what stands in the gaps of a text. */
export interface MaskedLanguageNetwork extends Module {
  readonly objective: "masked";
  /** Whether windows are two stretches of text with marks between them, whose order it tells; false unless said. */
  readonly readsPairs?: boolean;
  /** Logits of what stands at each place; `sentences` says of which stretch it is. `[B, T], [B, T] -> [B, T, V]` */
  forward(ids: Tensor, sentences: Tensor, mode?: Mode): Tensor;
  /** What is learnt, `-> []`; the mean cross-entropy in the gaps unless said. */
  loss?(batch: Traced<MaskedBatch>, mode: Mode): Tensor;
  /** Scores of the stretches' right and wrong order, where it tells them. `[B, T], [B, T] -> [B, 2]` */
  orderScores?(ids: Tensor, sentences: Tensor): Tensor | undefined;
  /** The most tokens it can read; any number unless said. */
  readonly length?: number;
}

/** Whether a model fills gaps. */
export function isMasked(model: Module): model is MaskedLanguageNetwork {
  return (model as Partial<MaskedLanguageNetwork>).objective === "masked";
}

/** Makes a language model. */
export type BuildLanguageModel<Options> = Build<
  Options,
  LanguageTarget,
  LanguageNetwork | MaskedLanguageNetwork
>;

/** What is known of a trained language model. */
export interface LanguageModelDescription<Options = object>
  extends ModelDescription<Options, LanguageTarget> {
  readonly task: "language-modelling";
}
