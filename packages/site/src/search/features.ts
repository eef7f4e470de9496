import { wordsOf } from "./words.ts";

/** Words that say nothing of what is meant. */
const idle = new Set(
  "a an and are as at be by can do does for from has have how in into is it its of on or than that the their them then they this to we what when where which while who why with without".split(
    " ",
  ),
);

/** A text's features, as numbers: its words, and their pieces of three letters, ends marked. */
export function featuresOf(text: string): number[] {
  const words = wordsOf(text).filter((word) => !idle.has(word));
  return words.flatMap((word) => {
    const marked = `^${word}$`;
    const pieces = Array.from({ length: Math.max(0, marked.length - 2) }, (_, i) =>
      marked.slice(i, i + 3),
    );
    return [`word ${word}`, ...pieces].map(hashOf);
  });
}

/** FNV-1a (Fowler, Noll and Vo), 32 bits, over UTF-16 units. */
function hashOf(feature: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < feature.length; i++) {
    hash = Math.imul(hash ^ feature.charCodeAt(i), 0x01000193);
  }
  return hash >>> 0;
}
