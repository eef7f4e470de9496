// C words of a caption

import { captionWords } from "@quire/data";
import { QuireError } from "@quire/tensor";
import { closest, distance } from "fastest-levenshtein";

/** The word that fills captions up; its id is 0. */
export const FILLER = "<pad>";

/** How captions become ids. */
export interface CaptionCoding {
  /** All words by their ids, the one that fills captions up first. */
  readonly words: readonly string[];
  /** Words of a caption, filled up. */
  readonly captionLength: number;
}

/** The coding of captions that are learnt from: their most frequent words, sorted. */
export function captionCoding(
  captions: readonly (readonly string[])[],
  { most, longest }: { readonly most: number; readonly longest: number },
): CaptionCoding {
  const counts = new Map<string, number>();
  for (const word of captions.flat()) counts.set(word, (counts.get(word) ?? 0) + 1);
  const kept = [...counts]
    .sort(([a, first], [b, second]) => second - first || (a < b ? -1 : 1))
    .slice(0, most)
    .map(([word]) => word)
    .sort();
  const length = captions.reduce((found, { length: own }) => Math.max(found, own), 1);
  return { words: [FILLER, ...kept], captionLength: Math.min(longest, length) };
}

/** The ids of a caption's known words, filled up. */
export function captionIds(
  coding: CaptionCoding,
  caption: readonly string[],
  idOf: ReadonlyMap<string, number>,
): Int32Array {
  const ids = new Int32Array(coding.captionLength);
  const known = caption.flatMap((word) => idOf.get(word) ?? []);
  ids.set(known.slice(0, coding.captionLength));
  return ids;
}

/**
 * The words of a caption that a user wrote.
 *
 * @throws QuireError when there are too many, or one is not known.
 */
export function knownWords({ words, captionLength }: CaptionCoding, caption: string): string[] {
  const found = captionWords(caption);
  if (found.length > captionLength) {
    throw new QuireError(
      `a caption of ${found.length} words is longer than the ${captionLength} that the model reads: shorten it.`,
    );
  }
  const known = words.slice(1);
  for (const word of found) {
    if (known.includes(word)) continue;
    throw new QuireError(
      `"${word}" is no word of the captions that the model learnt${advice(word, known)}`,
    );
  }
  return found;
}

/** Letters in which words may differ that are taken for one another. */
const NEAR = 2;
/** So many words are named. */
const NAMED = 12;

function advice(word: string, known: readonly string[]): string {
  const near = closest(word, [...known]);
  if (distance(word, near) <= NEAR) return `; did you mean "${near}"?`;
  const more = known.length > NAMED ? " and others" : "";
  return `: it knows ${known.slice(0, NAMED).join(", ")}${more}.`;
}
