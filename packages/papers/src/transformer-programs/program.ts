import type { SequenceTarget } from "../tasks/sequence-target.ts";

/** A value of a categorical variable: a token's own text, or a number. */
export type Value = string | number;

/** A variable whose values are few: what it may be in a program, and by which place the network knows that. */
export interface CategoricalVariable {
  readonly name: string;
  readonly values: readonly { readonly place: number; readonly value: Value }[];
}

/** A variable that is a number: its bounds, where it is a whole one. */
export interface NumericalVariable {
  readonly name: string;
  readonly whole?: readonly [lowest: number, highest: number];
}

/** Which key value each query value looks for; a value that no key has is not found. */
export type Wanted = readonly { readonly query: Value; readonly key: Value | undefined }[];

/** How a head chooses among keys that match: the nearest, the first, or by a bias of each distance, wrapped around. */
export type Preference = "nearest" | "first" | readonly number[];

/** Copies a variable from one place, and appends it. */
export interface CopyStep {
  readonly kind: "copy";
  readonly name: string;
  readonly query: string;
  readonly key: string;
  readonly value: string;
  /** Which key values match, or the score of each pair of values. */
  readonly match:
    | { readonly wanted: Wanted; readonly preference: Preference }
    | { readonly scores: readonly PairScore[] };
}

/** What a key value counts for a query value. */
export interface PairScore {
  readonly query: Value;
  readonly key: Value;
  readonly score: number;
}

/** Sums a number over all places that match, and appends the sum. */
export interface SumStep {
  readonly kind: "sum";
  readonly name: string;
  readonly query: string;
  readonly key: string;
  readonly value: string;
  readonly wanted: Wanted;
}

/** Appends what a table says for the values of its variables. */
export interface TableStep {
  readonly kind: "table";
  readonly name: string;
  readonly reads: readonly string[];
  readonly rows: readonly { readonly keys: readonly Value[]; readonly result: number }[];
}

/** Appends what numbers say: a table of whole numbers, or the two layers themselves where there are too many. */
export interface RegionStep {
  readonly kind: "regions";
  readonly name: string;
  readonly reads: readonly string[];
  readonly rows?: TableStep["rows"];
  readonly layers?: NumberLayers;
}

/** The two layers of a feed-forward module; `inputs` are of the read numbers. */
export interface NumberLayers {
  readonly activation: "relu" | "gelu";
  readonly inputs: readonly (readonly number[])[];
  readonly inputBias: readonly number[];
  readonly outputs: readonly (readonly number[])[];
  readonly outputBias: readonly number[];
}

/** One of a program's steps. */
export type Step = CopyStep | SumStep | TableStep | RegionStep;

/** What a value, or a number's unit, counts for each label. */
export interface LabelWeights {
  readonly variable: string;
  /** Of each value; a single row of a number. */
  readonly rows: readonly { readonly value?: Value; readonly weights: readonly number[] }[];
}

/** What a trained network does, step by step, in numbers that are read off its weights. */
export interface Program {
  readonly target: SequenceTarget;
  /** All tokens but the one that fills up. */
  readonly tokens: readonly string[];
  readonly ends: boolean;
  /** The value of each token in each variable that was learnt of tokens; none where a token is its own value. */
  readonly classes: readonly { readonly name: string; readonly of: readonly number[] }[];
  /** The numbers of each token where they were learnt. */
  readonly numbers: readonly { readonly name: string; readonly of: readonly number[] }[];
  readonly categorical: readonly CategoricalVariable[];
  readonly numerical: readonly NumericalVariable[];
  readonly steps: readonly Step[];
  readonly labels: readonly string[];
  readonly weights: readonly LabelWeights[];
}
