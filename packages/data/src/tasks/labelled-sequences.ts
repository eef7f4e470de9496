import { counted } from "../counted.ts";
import { DataError } from "../errors.ts";
import type { Table } from "../tables/table.ts";
import type { TokenClassificationData } from "./conll.ts";
import { checkRows } from "./task-columns.ts";

/** A sequence of tokens with a label for each, or one label for all of them. */
export interface LabelledSequence {
  readonly tokens: readonly string[];
  readonly labels: readonly string[];
}

/** What a sequence's labels are of. */
export type SequenceKind = "tagging" | "classification";

/** Sequences with labels. Format: a table with a column of tokens and a column of labels, both parted by spaces. */
export interface LabelledSequenceData {
  readonly sequences: readonly LabelledSequence[];
  /** Whether each token has a label, or each sequence has one. */
  readonly kind: SequenceKind;
  readonly size: number;
  describe(): string;
}

/** Which columns are read, and what labels are of. */
export interface SequenceColumns {
  readonly sequence: string;
  readonly labels: string;
  /** Classification where each row has one label though there are rows of several tokens, unless said. */
  readonly kind?: SequenceKind;
}

/**
 * Reads sequences with labels from a table.
 *
 * @throws DataError when a column or a value is missing, or a row has not as many labels as its kind asks for.
 */
export function labelledSequences(
  table: Table,
  { sequence, labels, kind }: SequenceColumns,
): LabelledSequenceData {
  checkRows(table, 2, "a training");
  const given = table.completeTexts(labels).map(words);
  const sequences = table.completeTexts(sequence).map((text, row) => ({
    tokens: words(text),
    labels: given[row] as string[],
  }));
  const isOne = sequences.every((each) => each.labels.length === 1);
  const isLonger = sequences.some(({ tokens }) => tokens.length > 1);
  const found = kind ?? (isOne && isLonger ? "classification" : "tagging");
  for (const [row, { tokens, labels: own }] of sequences.entries()) {
    if (own.length === (found === "tagging" ? tokens.length : 1)) continue;
    throw table.wrongValue(row, labels, labelsFault(found, tokens.length, own.length));
  }
  return sequenceData(sequences, found);
}

function labelsFault(kind: SequenceKind, tokens: number, labels: number): string {
  return kind === "classification"
    ? `it holds ${counted(labels, "label")}: give each sequence one, or tag each token in every row.`
    : `it holds ${counted(labels, "label")} for ${counted(tokens, "token")}: give each token one, with spaces between them.`;
}

function words(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== "");
}

/** Tagged sentences as sequences whose tokens have labels. */
export function taggedSequences({
  sentences,
  tags,
}: TokenClassificationData): LabelledSequenceData {
  return sequenceData(
    sentences.map(({ words: tokens, tags: own }) => ({
      tokens,
      labels: Array.from(own, (tag) => tags[tag] as string),
    })),
    "tagging",
  );
}

/**
 * Sequences as data.
 *
 * @throws DataError when all labels are one and the same.
 */
export function sequenceData(
  sequences: readonly LabelledSequence[],
  kind: SequenceKind,
): LabelledSequenceData {
  const labels = [...new Set(sequences.flatMap((each) => each.labels))].sort();
  if (labels.length < 2) {
    throw new DataError(
      `all labels are "${labels[0] ?? ""}": there is nothing to tell apart; give sequences with different labels.`,
    );
  }
  const tokens = sequences.reduce((sum, each) => sum + each.tokens.length, 0);
  const of = kind === "tagging" ? "a label each" : "a label a sequence";
  const describe = (): string =>
    `${counted(sequences.length, "sequence")} of ${counted(tokens, "token")} with ${of}; labels: ${labels.join(", ")}`;
  return { sequences, kind, size: sequences.length, describe };
}
