/** Words by their characters, each with how often it comes. */
export interface CharacterWords {
  readonly words: readonly (readonly string[])[];
  readonly counts: readonly number[];
}

/** The longest piece, in characters. */
const LONGEST = 16;

/**
 * The pieces that training starts from: every character, and the substrings that come at least `minimum` times and cover most
 * text (how often times how long), `most` of them.
 */
export function seedPieces(
  { words, counts }: CharacterWords,
  most: number,
  minimum: number,
): { readonly pieces: string[]; readonly counts: number[]; readonly characters: number } {
  const characters = new Map<string, number>();
  words.forEach((word, i) => {
    for (const character of word) add(characters, character, counts[i] as number);
  });
  const found: [string, number][] = [];
  // A substring is frequent only if it is without its last character: lengths are counted one by one.
  let shorter = new Set(characters.keys());
  for (let length = 2; length <= LONGEST && shorter.size > 0; length++) {
    const longer = countLonger({ words, counts }, length, shorter);
    for (const [piece, count] of longer) if (count < minimum) longer.delete(piece);
    found.push(...longer);
    shorter = new Set(longer.keys());
  }
  const covered = ([piece, count]: [string, number]): number => count * [...piece].length;
  found.sort((a, b) => covered(b) - covered(a) || (a[0] < b[0] ? -1 : 1));
  const alphabet = [...characters].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  const kept = [...alphabet, ...found.slice(0, most)];
  return {
    pieces: kept.map(([piece]) => piece),
    counts: kept.map(([, count]) => count),
    characters: alphabet.length,
  };
}

function countLonger(
  { words, counts }: CharacterWords,
  length: number,
  shorter: ReadonlySet<string>,
): Map<string, number> {
  const longer = new Map<string, number>();
  words.forEach((word, i) => {
    for (let start = 0; start + length <= word.length; start++) {
      const head = word.slice(start, start + length - 1).join("");
      if (!shorter.has(head)) continue;
      add(longer, head + (word[start + length - 1] as string), counts[i] as number);
    }
  });
  return longer;
}

function add(counts: Map<string, number>, key: string, count: number): void {
  counts.set(key, (counts.get(key) ?? 0) + count);
}
