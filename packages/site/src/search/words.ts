/** The words of a text in small letters, accents left out. */
export function wordsOf(text: string): string[] {
  const plain = text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  return plain.match(/[\p{L}\p{N}]+/gu) ?? [];
}

/** A field of what is searched, and how much a word in it counts. */
export interface SearchedField {
  readonly text: string;
  readonly weight: number;
}

/** Finds texts by words as they are typed: the last word may be a beginning. */
export class WordIndex {
  /** `[texts][fields]` */
  readonly #fields: readonly (readonly { words: readonly string[]; weight: number }[])[];

  constructor(texts: readonly (readonly SearchedField[])[]) {
    this.#fields = texts.map((fields) =>
      fields.map(({ text, weight }) => ({ words: wordsOf(text), weight })),
    );
  }

  /** How well each text fits: 0 where a word of the query is nowhere in it. */
  scores(query: string): number[] {
    const asked = wordsOf(query);
    if (asked.length === 0) return this.#fields.map(() => 0);
    const rarities = asked.map((word) => this.#rarity(word));
    return this.#fields.map((fields) => {
      const found = asked.map((word, i) => bestOf(fields, word) * (rarities[i] as number));
      return found.some((score) => score === 0) ? 0 : found.reduce((sum, score) => sum + score, 0);
    });
  }

  /** Inverse document frequency, as BM25 has it (Robertson and Zaragoza 2009, section 3.1). */
  #rarity(word: string): number {
    const holding = this.#fields.filter((fields) => bestOf(fields, word) > 0).length;
    return Math.log(1 + (this.#fields.length - holding + 0.5) / (holding + 0.5));
  }
}

function bestOf(
  fields: readonly { words: readonly string[]; weight: number }[],
  asked: string,
): number {
  let best = 0;
  for (const { words, weight } of fields) {
    for (const word of words) {
      if (!word.startsWith(asked)) continue;
      best = Math.max(best, weight * (word.length === asked.length ? 1 : 0.6));
    }
  }
  return best;
}
