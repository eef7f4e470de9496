// V vocabulary

import { QuireError, type Random } from "@quire/tensor";
import { largestFirst } from "./largest-first.ts";

/** How a token is drawn from the logits. With nothing said the likeliest one is taken. */
export interface Sampling {
  /** Divides the logits: below 1 sharper, above 1 flatter, 0 the likeliest token; 1 unless said. */
  readonly temperature?: number;
  /** Only so many of the likeliest tokens are drawn from. */
  readonly topK?: number;
  /** Only the likeliest tokens that make up this share together (Holtzman et al. 2020, section 3.1). */
  readonly topP?: number;
  /** Only tokens at least this share as likely as the likeliest (Nguyen et al. 2024, section 3). */
  readonly minP?: number;
  /** Divides positive logits of tokens that stand in the text, multiplies negative ones (Keskar et al. 2019, 4.1). */
  readonly repetitionPenalty?: number;
}

/** The tokens that may follow a text; all of them if undefined. */
export type TokenFilter = (text: readonly number[]) => Iterable<number> | undefined;

/** Draws from a row of logits, which it changes. */
export type Draw = (logits: Float32Array, text: readonly number[], random: Random) => number;

interface Rule {
  readonly holds: (value: number) => boolean;
  readonly words: string;
}

const rules: Readonly<Record<keyof Sampling, Rule>> = {
  temperature: {
    holds: (value) => value >= 0 && value < Number.POSITIVE_INFINITY,
    words: "a number from 0 up",
  },
  topK: {
    holds: (value) => Number.isInteger(value) && value > 0,
    words: "a whole number from 1 up",
  },
  topP: { holds: (value) => value > 0 && value <= 1, words: "above 0 and at most 1" },
  minP: { holds: (value) => value >= 0 && value <= 1, words: "from 0 to 1" },
  repetitionPenalty: {
    holds: (value) => value > 0 && value < Number.POSITIVE_INFINITY,
    words: "above 0",
  },
};

/**
 * Makes the function that draws tokens.
 *
 * @throws QuireError when a number is outside of its range.
 */
export function drawing(sampling: Sampling | undefined, filter: TokenFilter | undefined): Draw {
  for (const [name, { holds, words }] of Object.entries(rules)) {
    const value = sampling?.[name as keyof Sampling];
    if (value === undefined || holds(value)) continue;
    throw new QuireError(`generate: ${name} must be ${words}, got ${value}.`);
  }
  const { temperature = 1, repetitionPenalty = 1 } = sampling ?? {};
  return (logits, text, random) => {
    if (repetitionPenalty !== 1) penalize(logits, text, repetitionPenalty);
    const candidates = allowedTokens(logits, text, filter);
    if (!sampling || temperature === 0) return likeliest(logits, candidates);
    return drawn(logits, candidates, sampling, random);
  };
}

/** Makes tokens that stand in the text less likely. */
export function penalize(logits: Float32Array, text: readonly number[], penalty: number): void {
  for (const token of new Set(text)) {
    const logit = logits[token] as number;
    logits[token] = logit > 0 ? logit / penalty : logit * penalty;
  }
}

/**
 * The tokens that a filter leaves, in order; undefined if it leaves all.
 *
 * @throws QuireError when none is left, or one is none of the vocabulary's.
 */
export function allowedTokens(
  logits: Float32Array,
  text: readonly number[],
  filter: TokenFilter | undefined,
): Int32Array | undefined {
  const allowed = filter?.(text);
  if (allowed === undefined) return undefined;
  const tokens = Int32Array.from(new Set(allowed)).sort();
  if (tokens.length === 0) {
    throw new QuireError(
      `generate: the filter allows no token after [${text.slice(-5).join(", ")}]; ` +
        "allow one that ends the text.",
    );
  }
  const [low, high] = [tokens[0] as number, tokens.at(-1) as number];
  if (low < 0 || high >= logits.length) {
    throw new QuireError(
      `generate: the filter allows token ${low < 0 ? low : high}, the vocabulary has 0 to ${logits.length - 1}.`,
    );
  }
  return tokens;
}

/** The token of the largest logit, the first of equal ones. */
function likeliest(logits: Float32Array, candidates: Int32Array | undefined): number {
  let best = candidates?.[0] ?? 0;
  if (candidates) {
    for (const token of candidates) {
      if ((logits[token] as number) > (logits[best] as number)) best = token;
    }
    return best;
  }
  for (let token = 1; token < logits.length; token++) {
    if ((logits[token] as number) > (logits[best] as number)) best = token;
  }
  return best;
}

function drawn(
  logits: Float32Array,
  candidates: Int32Array | undefined,
  { temperature = 1, topK = Number.POSITIVE_INFINITY, topP = 1, minP = 0 }: Sampling,
  random: Random,
): number {
  const tokens = candidates ?? Int32Array.from(logits, (_, token) => token);
  const top = logits[likeliest(logits, candidates)] as number;
  const weight = (token: number): number =>
    Math.exp(((logits[token] as number) - top) / temperature);
  if (topK >= tokens.length && topP === 1 && minP === 0) return pick(tokens, weight, random);
  const order = largestFirst(logits, tokens);
  const ranked = topK < tokens.length ? firstOf(order, topK) : order;
  const mass = total(Array.isArray(ranked) ? ranked : tokens, weight);
  return pick(shortlist(ranked, weight, { mass: topP * mass, least: minP }), weight, random);
}

function firstOf(order: Iterable<number>, count: number): number[] {
  const taken: number[] = [];
  for (const token of order) if (taken.push(token) >= count) break;
  return taken;
}

/** The likeliest tokens, up to a sum of weights and down to a least weight; at least one. */
function shortlist(
  ranked: Iterable<number>,
  weight: (token: number) => number,
  { mass, least }: { readonly mass: number; readonly least: number },
): number[] {
  const kept: number[] = [];
  let sum = 0;
  for (const token of ranked) {
    const own = weight(token);
    if (kept.length > 0 && (own < least || sum >= mass)) break;
    kept.push(token);
    sum += own;
  }
  return kept;
}

function total(tokens: ArrayLike<number>, weight: (token: number) => number): number {
  let sum = 0;
  for (let i = 0; i < tokens.length; i++) sum += weight(tokens[i] as number);
  return sum;
}

/** A token drawn with probability in proportion to its weight. */
function pick(
  tokens: ArrayLike<number>,
  weight: (token: number) => number,
  random: Random,
): number {
  let rest = random.uniform() * total(tokens, weight);
  for (let i = 0; i < tokens.length - 1; i++) {
    rest -= weight(tokens[i] as number);
    if (rest < 0) return tokens[i] as number;
  }
  return tokens[tokens.length - 1] as number;
}
