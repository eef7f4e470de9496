import { counted } from "../counted.ts";
import { DataError } from "../errors.ts";

/** A text with its name. */
export interface NamedText {
  readonly name: string;
  readonly text: string;
}

/** Texts for language modelling. Format: text files in UTF-8, one document each. */
export interface TextCorpus {
  readonly documents: readonly NamedText[];
  /** How many characters (UTF-16 units) there are in all. */
  readonly characters: number;
  /** How many documents there are. */
  readonly size: number;
  describe(): string;
}

/**
 * A corpus of texts; blank ones are left out.
 *
 * @param name what errors call the corpus.
 * @throws DataError when all are blank.
 */
export function textCorpus(documents: readonly NamedText[], name: string): TextCorpus {
  const kept = documents.filter(({ text }) => text.trim() !== "");
  if (kept.length === 0) throw new DataError(`${name} is empty: give it text to learn from.`);
  const characters = kept.reduce((sum, { text }) => sum + text.length, 0);
  const describe = (): string =>
    `${counted(kept.length, "text")} of ${counted(characters, "character")}`;
  return { documents: kept, characters, size: kept.length, describe };
}
