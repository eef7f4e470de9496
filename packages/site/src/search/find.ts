import type { Entry } from "../entry.ts";
import type { Meaning } from "./meaning.ts";
import { WordIndex } from "./words.ts";

/** Papers that fit a query: those that hold its words, and those that are about what it means. */
export interface Found {
  readonly byWords: readonly string[];
  readonly byMeaning: readonly string[];
}

/** A cosine below this is no likeness. */
const LEAST_COSINE = 0.3;
/** Papers that are shown as near in meaning, at most. */
const MOST_NEAR = 6;

/** An index of the words of all papers. */
export function wordIndex(entries: readonly Entry[]): WordIndex {
  return new WordIndex(
    entries.map(({ id, title, authors = [], summary, family, task, year }) => [
      { text: id, weight: 4 },
      { text: title, weight: 3 },
      { text: `${family} ${task} ${year} ${authors.join(" ")}`, weight: 2 },
      { text: summary, weight: 1 },
    ]),
  );
}

/** Finds papers by words, and by meaning once what the encoder learnt is there. */
export function find(
  query: string,
  entries: readonly Entry[],
  index: WordIndex,
  meaning?: Meaning,
): Found {
  const scores = index.scores(query);
  const byWords = entries
    .map(({ id }, i) => ({ id, score: scores[i] as number }))
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score)
    .map(({ id }) => id);
  const cosines = [...(meaning?.cosines(query) ?? [])];
  const byMeaning = cosines
    .filter(([id, cosine]) => cosine >= LEAST_COSINE && !byWords.includes(id))
    .sort(([, a], [, b]) => b - a)
    .slice(0, MOST_NEAR)
    .map(([id]) => id);
  return { byWords, byMeaning };
}
