// N sequences, T places

import { DataError, type LabelledSequence, type SequenceKind } from "@quire/data";
import { QuireError, Random } from "@quire/tensor";
import { PADDING } from "./sequence-target.ts";

/** Tokens with a meaning of their own: what fills up, begins and ends a sequence, and stands for unknown tokens. */
export const marks = { padding: "<pad>", start: "<s>", end: "</s>", unknown: "<unk>" } as const;

/** How tokens and labels become numbers. */
export interface SequenceCoding {
  /** All tokens by their ids, the one that fills up first. */
  readonly tokens: readonly string[];
  readonly labels: readonly string[];
  readonly kind: SequenceKind;
  /** Whether sequences end in a token of their own, as they begin. */
  readonly ends: boolean;
  /** The most tokens of a sequence, those at its ends among them. */
  readonly length: number;
}

/** Sequences as numbers. */
export interface EncodedSequences {
  readonly size: number;
  /** `[N, T]` */
  readonly ids: Int32Array;
  /** `[N, T]` where each token has a label, else `[N, 1]`; -1 where there is none. */
  readonly labels: Int32Array;
  /** Tokens of each sequence, those at its ends left out. */
  readonly lengths: Int32Array;
}

/** Sequences to learn from and to measure on, and how they are coded. */
export interface SequenceData {
  readonly coding: SequenceCoding;
  /** Whether a label depends on what stands before it only. */
  readonly causal: boolean;
  readonly train: EncodedSequences;
  readonly validation: EncodedSequences;
}

/** How a coding is found. */
export interface CodingOptions {
  readonly kind: SequenceKind;
  readonly ends: boolean;
  /** The most tokens of a sequence, those at its ends among them; as the longest has unless said. */
  readonly length?: number;
  /** Tokens that are kept at most; those that come once, or rarer than these, are unknown. All are kept unless said. */
  readonly most?: number;
}

/** The coding of sequences that are learnt from: every token and label that comes, sorted; rare ones may be unknown. */
export function sequenceCoding(
  sequences: readonly LabelledSequence[],
  { kind, ends, length, most }: CodingOptions,
): SequenceCoding {
  const counts = new Map<string, number>();
  for (const { tokens } of sequences) {
    for (const token of tokens) counts.set(token, (counts.get(token) ?? 0) + 1);
  }
  const found = [...counts.keys()].sort();
  const kept = most === undefined ? found : frequent(counts, most);
  const own = [
    marks.start,
    ...(ends ? [marks.end] : []),
    ...(most === undefined ? [] : [marks.unknown]),
  ];
  const longest = Math.max(...sequences.map(({ tokens }) => tokens.length));
  return {
    tokens: [marks.padding, ...own, ...kept.filter((token) => !own.includes(token as never))],
    labels: [...new Set(sequences.flatMap((each) => each.labels))].sort(),
    ...{ kind, ends, length: length ?? longest + (ends ? 2 : 1) },
  };
}

function frequent(counts: ReadonlyMap<string, number>, most: number): string[] {
  return [...counts]
    .filter(([, count]) => count > 1)
    .sort(([a, first], [b, second]) => second - first || (a < b ? -1 : 1))
    .slice(0, most)
    .map(([token]) => token);
}

/** How many tokens of a sequence fit between those at its ends. */
export function roomOf({ length, ends }: Pick<SequenceCoding, "length" | "ends">): number {
  return length - (ends ? 2 : 1);
}

/**
 * Ids of sequences' tokens, filled up to one length. `[N, T]`
 *
 * @throws QuireError when a sequence is empty or too long, or a token is not known and none stands for such.
 */
export function encodeTokens(
  coding: SequenceCoding,
  sequences: readonly (readonly string[])[],
): Int32Array {
  const ids = new Map(coding.tokens.map((token, id) => [token, id]));
  const room = roomOf(coding);
  const unknown = ids.get(marks.unknown);
  const all = new Int32Array(sequences.length * coding.length).fill(PADDING);
  for (const [row, tokens] of sequences.entries()) {
    if (tokens.length === 0)
      throw new QuireError("a sequence is empty: give it at least one token.");
    if (tokens.length > room) {
      throw new QuireError(
        `a sequence of ${tokens.length} tokens is longer than the ${room} that the model reads: cut it.`,
      );
    }
    const own = [marks.start, ...tokens, ...(coding.ends ? [marks.end] : [])].map((token) => {
      const id = ids.get(token) ?? unknown;
      if (id !== undefined && id !== PADDING) return id;
      throw new QuireError(unknownText(token, coding));
    });
    all.set(own, row * coding.length);
  }
  return all;
}

/** So many tokens are named in a message. */
const NAMED = 12;

function unknownText(token: string, { tokens }: SequenceCoding): string {
  const known = tokens.filter((each) => !Object.values(marks).includes(each as never));
  const some = known.slice(0, NAMED).join(", ");
  const more = known.length > NAMED ? " and others" : "";
  return `"${token}" is no token that the model learnt: it knows ${some}${more}.`;
}

/**
 * Sequences with their labels as numbers.
 *
 * @throws QuireError when a token or a label is not known, or a sequence does not fit.
 */
export function encodeSequences(
  coding: SequenceCoding,
  sequences: readonly LabelledSequence[],
): EncodedSequences {
  const { length, kind } = coding;
  const ids = encodeTokens(
    coding,
    sequences.map(({ tokens }) => tokens),
  );
  const known = new Map(coding.labels.map((label, id) => [label, id]));
  const width = kind === "tagging" ? length : 1;
  const labels = new Int32Array(sequences.length * width).fill(-1);
  for (const [row, { labels: own }] of sequences.entries()) {
    for (const [place, label] of own.entries()) {
      const id = known.get(label);
      if (id === undefined) {
        throw new QuireError(
          `"${label}" is no label that the model learnt: it knows ${coding.labels.slice(0, NAMED).join(", ")}.`,
        );
      }
      // The first place is the start's own.
      labels[row * width + place + (kind === "tagging" ? 1 : 0)] = id;
    }
  }
  const lengths = Int32Array.from(sequences, ({ tokens }) => tokens.length);
  return { size: sequences.length, ids, labels, lengths };
}

/**
 * Parts sequences at random into those to learn from and those to measure on.
 *
 * @throws DataError when one part would be empty.
 */
export function partSequences<T>(
  sequences: readonly T[],
  { share, seed }: { readonly share: number; readonly seed: number },
): { readonly train: readonly T[]; readonly apart: readonly T[] } {
  const order = Array.from(new Random(seed).fork("validation").permutation(sequences.length));
  const count = Math.max(1, Math.round(share * sequences.length));
  if (count >= sequences.length) {
    throw new DataError(
      `${sequences.length} sequences are too few to keep part of them apart: give more, or another share for validation.`,
    );
  }
  const at = (place: number): T => sequences[place] as T;
  return { apart: order.slice(0, count).map(at), train: order.slice(count).map(at) };
}
