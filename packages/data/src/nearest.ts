import { distance } from "fastest-levenshtein";

const MOST_LISTED = 20;

/** The end of a sentence about an unknown name: `did you mean "X"?`, or else the names that there are. */
export function suggestion(word: string, names: readonly string[]): string {
  const lower = word.toLowerCase();
  const [best] = names
    .map((name) => ({ name, letters: distance(lower, name.toLowerCase()) }))
    .sort((a, b) => a.letters - b.letters);
  if (best && best.letters <= 0.4 * Math.max(word.length, best.name.length)) {
    return `did you mean "${best.name}"?`;
  }
  const listed = names.slice(0, MOST_LISTED).map((name) => `"${name}"`);
  const rest = names.length > MOST_LISTED ? `, and ${names.length - MOST_LISTED} more` : "";
  return `there ${names.length === 1 ? "is" : "are"} ${listed.join(", ")}${rest}.`;
}
