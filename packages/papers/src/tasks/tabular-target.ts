import type { Mode, Module } from "@quire/nn";
import type { Tensor } from "@quire/tensor";
import type { Build, ModelDescription, Paper } from "../paper.ts";
import type { Recipe } from "../recipe.ts";
import type { TabularEncoding } from "./tabular-encoding.ts";

/** What a tabular system takes and gives. */
export interface TabularTarget {
  /** How many numbers a row is encoded as, the most informative first. */
  readonly features: number;
  /** One value for a number or for two classes, else one a class. */
  readonly outputs: number;
}

/** What is mixed into an embedded row in training. */
export interface HiddenMix {
  /** Other rows, `[B, F]`. */
  readonly other: Tensor;
  /** 1 where a dimension keeps the row's own value, 0 where it takes the other's, `[B, D]`. */
  readonly keep: Tensor;
}

/** A system that predicts from rows of numbers. */
export interface TabularModel extends Module {
  /** Length of what each feature is embedded as, of systems whose embeddings can be mixed. */
  readonly width?: number;
  /** `[B, F] -> [B, outputs]`: a standardised number, a logit of the second class, or a logit a class. */
  forward(rows: Tensor, mode?: Mode, mix?: HiddenMix): Tensor;
}

/** How rows are mixed with other rows of their batch in training. */
export interface Mixing {
  /** Whole features, dimensions of all embeddings, or everything in one proportion. */
  readonly of: "features" | "hidden" | "rows";
  /** Both parameters of the Beta distribution that shares are drawn from. */
  readonly alpha: number;
}

/** How a paper trains on tables. */
export interface TabularRecipe extends Recipe {
  /** Epochs without a better validation after which the training ends, unless the user says otherwise. */
  readonly patience: number;
  readonly mix: Mixing | "none";
}

/** A paper whose system predicts a column of a table. */
export type TabularPaper<Options = object> = Paper<Options, TabularTarget, TabularRecipe> & {
  readonly task: "tabular-prediction";
};

/** Makes a system for rows of so many numbers. */
export type BuildTabularModel<Options> = Build<Options, TabularTarget, TabularModel>;

/** What is known of a trained tabular system. */
export interface TabularModelDescription<Options = object>
  extends ModelDescription<Options, TabularTarget> {
  readonly task: "tabular-prediction";
  /** How tables become rows of numbers; fitted on the training rows alone. */
  readonly encoding: TabularEncoding;
}
