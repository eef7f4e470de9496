import type { Mode, Module, ReadingInputs } from "@quire/nn";
import type { Tensor } from "@quire/tensor";
import type { Build, ModelDescription, Paper } from "../paper.ts";
import type { Recipe } from "../recipe.ts";

/** What a language model reads. */
export interface LanguageTarget {
  /** How many different tokens there are. */
  readonly vocabulary: number;
  /** Tokens of the windows it is trained on. */
  readonly context: number;
}

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

/** Makes a language model. */
export type BuildLanguageModel<Options> = Build<Options, LanguageTarget, LanguageNetwork>;

/** What is known of a trained language model. */
export interface LanguageModelDescription<Options = object>
  extends ModelDescription<Options, LanguageTarget> {
  readonly task: "language-modelling";
}
