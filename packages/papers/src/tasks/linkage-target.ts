import type { Mode, Module } from "@quire/nn";
import type { Tensor } from "@quire/tensor";
import type { Build, ModelDescription, Paper } from "../paper.ts";
import type { Recipe } from "../recipe.ts";

/** What a text encoder reads, and what it says. */
export interface LinkageTarget {
  /** How many different tokens there are. */
  readonly vocabulary: number;
  /** The most tokens of a text. */
  readonly length: number;
  /** The token that fills up a batch. */
  readonly padding: number;
  /** How many classes texts are told apart into; left out for an encoder whose vectors are compared. */
  readonly classes?: number;
}

/** An encoder of texts: `forward` gives vectors of length 1, or scores of classes. */
export interface TextEncoder extends Module {
  /** `int32 [B, T] -> [B, D]`, or `[B, K]` where there are classes. */
  forward(ids: Tensor, mode?: Mode): Tensor;
  /** Length of the vectors, or the number of classes. */
  readonly outputs: number;
}

/** What texts are learnt to be told apart by. */
export const linkageLosses = ["supcon", "online-contrastive", "online-contrastive-all"] as const;

/** How a paper trains a text encoder. */
export interface LinkageRecipe extends Recipe {
  /**
   * Each text finds its group's others among a batch, or pairs come together and apart: each text with the next one
   * of the batch, half of which are of one group, or all pairs of the batch.
   */
  readonly loss: (typeof linkageLosses)[number];
  /** What cosines are divided by in the supervised contrastive loss. */
  readonly temperature: number;
  /** The distance beyond which different texts cost nothing in the online contrastive loss. */
  readonly margin: number;
  /** Texts of one group in a batch, at most. */
  readonly perGroup: number;
  /** How often a group brings one with it that it is told apart from: a pair said to differ, or one that looks alike. */
  readonly hardNegatives: number;
}

/** A paper whose system compares texts. */
export type LinkagePaper<Options = object> = Paper<Options, LinkageTarget, LinkageRecipe> & {
  readonly task: "linkage";
};

/** Makes a text encoder. */
export type BuildTextEncoder<Options> = Build<Options, LinkageTarget, TextEncoder>;

/** What is known of a trained text encoder. */
export interface LinkageModelDescription<Options = object>
  extends ModelDescription<Options, LinkageTarget> {
  readonly task: "linkage";
  /** The columns that it learnt to compare, in their order. */
  readonly fields: readonly string[];
  /** The classes' names, where it tells classes apart. */
  readonly classes?: readonly string[];
}
