import { distance } from "fastest-levenshtein";

/** The candidate that a word was probably meant to be: at most two letters in five are other ones. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  const measured = candidates.map((candidate) => {
    const letters = distance(word.toLowerCase(), candidate.toLowerCase());
    return { candidate, share: letters / Math.max(word.length, candidate.length) };
  });
  const [best] = measured.sort((a, b) => a.share - b.share);
  return best !== undefined && best.share <= 0.4 ? best.candidate : undefined;
}

/** The end of a sentence about an unknown word: `; did you mean X?`, or else what to do. */
export function suggestion(word: string, candidates: readonly string[], otherwise: string): string {
  const found = nearest(word, candidates);
  return found === undefined ? `; ${otherwise}` : `; did you mean ${found}?`;
}
