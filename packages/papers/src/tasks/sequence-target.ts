import type { Mode, Module } from "@quire/nn";
import type { Tensor } from "@quire/tensor";
import type { Build, ModelDescription, Paper } from "../paper.ts";
import type { Recipe } from "../recipe.ts";

/** The token that fills sequences up to one length; its place in every vocabulary. */
export const PADDING = 0;

/** What a labeller of sequences reads, and what it says. */
export interface SequenceTarget {
  /** How many different tokens there are; the first fills sequences up. */
  readonly vocabulary: number;
  readonly labels: number;
  /** The most tokens of a sequence, those at its ends among them. */
  readonly length: number;
  /** Whether each token has a label, or the sequence has one. */
  readonly kind: "tagging" | "classification";
  /** Whether a token's label depends on what stands before it only. */
  readonly causal: boolean;
  /** Places of labels that are never given. */
  readonly never?: readonly number[];
}

/** How a paper trains a labeller of sequences. */
export type SequenceRecipe = Recipe;

/** A paper whose system labels sequences. */
export type SequencePaper<Options = object> = Paper<Options, SequenceTarget, SequenceRecipe> & {
  readonly task: "sequence-labelling";
};

/** A model that labels sequences. */
export interface SequenceNetwork extends Module {
  /** Logits of int32 tokens. `[B, T] -> [B, T, L]` where each token has a label, else `[B, T] -> [B, 1, L]` */
  forward(ids: Tensor, mode?: Mode): Tensor;
  /** Is told before a training how many steps it will have. */
  prepare?(steps: number): void;
  /** What it says as a program, where it is one; `description` names its tokens and labels. */
  program?(description: SequenceModelDescription): Promise<LearnedProgram>;
}

/** A program that a model learnt, written and ready to run. */
export interface LearnedProgram {
  /** A module in TypeScript without dependencies, which exports `run`. */
  readonly typescript: string;
  /** The same without types. */
  readonly javascript: string;
  /** What each step does. */
  readonly steps: readonly ProgramStepSummary[];
  /** Labels, and what each step made of each token. */
  run(tokens: readonly string[]): ProgramRun;
}

/** A step of a program, for people. */
export interface ProgramStepSummary {
  /** What the program calls it. */
  readonly name: string;
  readonly kind: string;
  /** What it does, as a sentence. */
  readonly does: string;
}

/** What a program made of a sequence. */
export interface ProgramRun {
  /** One a token, or a single one of the whole sequence. */
  readonly labels: readonly string[];
  /** The value of each variable at each token, by the variable's name. */
  readonly variables: Readonly<Record<string, readonly (string | number)[]>>;
  /** The places that each place reads, by the head's name. */
  readonly reads: Readonly<Record<string, readonly (readonly number[])[]>>;
}

/** Makes a labeller of sequences. */
export type BuildSequenceNetwork<Options> = Build<Options, SequenceTarget, SequenceNetwork>;

/** What is known of a trained labeller of sequences. */
export interface SequenceModelDescription<Options = object>
  extends ModelDescription<Options, SequenceTarget> {
  readonly task: "sequence-labelling";
  /** All tokens, in the order of their ids. */
  readonly tokens: readonly string[];
  /** All labels, in the order of the logits. */
  readonly labels: readonly string[];
  /** Whether sequences end in a token of their own, as they begin. */
  readonly ends: boolean;
}
