import type { Sampling, TokenFilter } from "./sampling.ts";
import type { StopConditions } from "./stop.ts";

/** Texts to go on from, as tokens. */
export type Prompts = readonly (readonly number[])[];

/** Searches for the likeliest text over several at once. */
export interface BeamSearch {
  /** How many texts are kept at each step. */
  readonly width: number;
  /** Sums of log-probabilities are divided by (number of new tokens) to this power; 1 unless said. */
  readonly lengthPenalty?: number;
}

/** What is generated, and how. */
export interface GenerateOptions {
  /** The most new tokens of each text. */
  readonly tokens: number;
  /** How tokens are drawn; always the likeliest unless said. */
  readonly sampling?: Sampling;
  /** Searches over several texts instead of drawing; of sampling, a repetition penalty alone counts then. */
  readonly beams?: BeamSearch;
  /** When a text ends earlier. */
  readonly stop?: StopConditions;
  /** Which tokens may follow a text. */
  readonly filter?: TokenFilter;
  /** Attention sees, and keeps, only so many of the last tokens; all unless said. */
  readonly window?: number;
  /** Seed of the draws; each text has draws of its own. 0 unless said. */
  readonly seed?: number;
  /** Ends all texts where they are. */
  readonly signal?: AbortSignal;
}

/** Why a text ended: by a stop condition, at its full number of tokens, or because it was told to. */
export type Reason = "stop" | "length" | "signal";

/** What was generated after a prompt. */
export interface Generated {
  /** The new tokens; one that ended the text is the last of them. */
  readonly tokens: readonly number[];
  readonly reason: Reason;
  /** Of a search: the sum of the tokens' log-probabilities over the length penalty. */
  readonly score?: number;
}

/** One new token. */
export interface TokenEvent {
  /** Which prompt it follows. */
  readonly row: number;
  readonly token: number;
  /** Why the text ends with it, if it does. */
  readonly reason?: Reason;
}
