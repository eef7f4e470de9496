import { distance } from "fastest-levenshtein";

/** The candidate that a word was probably meant to be: at most two letters in five are other ones. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  const lower = word.toLowerCase();
  const measured = candidates.map((candidate) => ({
    candidate,
    letters: distance(lower, candidate.toLowerCase()),
  }));
  const [best] = measured.sort((a, b) => a.letters - b.letters);
  if (!best || best.letters > 0.4 * Math.max(word.length, best.candidate.length)) return undefined;
  return best.candidate;
}

/** The end of a sentence about an unknown word: `; did you mean X?`, or else what to do. */
export function suggestion(word: string, candidates: readonly string[], otherwise: string): string {
  const found = nearest(word, candidates);
  return found === undefined ? `; ${otherwise}` : `; did you mean ${found}?`;
}
