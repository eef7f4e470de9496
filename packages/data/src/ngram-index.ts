import { DataError } from "./errors.ts";

/** How texts are cut into character n-grams. */
export interface NgramOptions {
  /** Lengths of the n-grams, shortest and longest; 2 to 4 unless said. */
  readonly from?: number;
  readonly to?: number;
}

/** A text that was found. */
export interface NgramMatch {
  readonly place: number;
  /** The cosine of the weighted n-grams. */
  readonly score: number;
}

/**
 * Looks for texts by the cosine of their character n-grams, weighted by TF-IDF: counts times
 * log((1 + texts) / (1 + texts with it)) + 1, as scikit-learn has it. Words are edged by spaces.
 */
export class NgramIndex {
  readonly #from: number;
  readonly #to: number;
  readonly #size: number;
  /** Texts that hold an n-gram, and its share in them. */
  readonly #holders = new Map<string, { places: number[]; shares: number[]; weight: number }>();

  /** @throws DataError when the lengths are out of order. */
  constructor(texts: readonly string[], { from = 2, to = 4 }: NgramOptions = {}) {
    if (!(Number.isInteger(from) && Number.isInteger(to) && from >= 1 && to >= from)) {
      throw new DataError(
        `NgramIndex: n-grams from ${from} to ${to} are none: give 1 <= from <= to.`,
      );
    }
    this.#from = from;
    this.#to = to;
    this.#size = texts.length;
    const counted = texts.map((text) => this.#count(text));
    for (const grams of counted) {
      for (const gram of grams.keys()) {
        const holder = this.#holders.get(gram);
        if (holder) holder.weight += 1;
        else this.#holders.set(gram, { places: [], shares: [], weight: 1 });
      }
    }
    for (const holder of this.#holders.values()) {
      holder.weight = Math.log((1 + this.#size) / (1 + holder.weight)) + 1;
    }
    for (const [place, grams] of counted.entries()) {
      for (const [gram, share] of this.#weighed(grams)) {
        const holder = this.#holders.get(gram);
        holder?.places.push(place);
        holder?.shares.push(share);
      }
    }
  }

  /** The k texts nearest to a text, nearest first, of those that `isCandidate` takes; none without a common n-gram. */
  nearest(text: string, k: number, isCandidate?: (place: number) => boolean): NgramMatch[] {
    const scores = new Map<number, number>();
    for (const [gram, share] of this.#weighed(this.#count(text))) {
      const { places, shares } = this.#holders.get(gram) as { places: number[]; shares: number[] };
      for (const [i, place] of places.entries()) {
        if (isCandidate && !isCandidate(place)) continue;
        scores.set(place, (scores.get(place) ?? 0) + share * (shares[i] as number));
      }
    }
    const found = Array.from(scores, ([place, score]) => ({ place, score }));
    return found.sort((a, b) => b.score - a.score || a.place - b.place).slice(0, k);
  }

  #count(text: string): Map<string, number> {
    const grams = new Map<string, number>();
    const characters = [...` ${text.trim().replace(/\s+/g, " ")} `];
    for (let length = this.#from; length <= this.#to; length++) {
      for (let start = 0; start + length <= characters.length; start++) {
        const gram = characters.slice(start, start + length).join("");
        grams.set(gram, (grams.get(gram) ?? 0) + 1);
      }
    }
    return grams;
  }

  /** Known n-grams with their shares, of length 1 together. */
  #weighed(grams: ReadonlyMap<string, number>): [gram: string, share: number][] {
    const weighed = Array.from(grams).flatMap(([gram, count]) => {
      const weight = this.#holders.get(gram)?.weight;
      return weight === undefined ? [] : [[gram, count * weight] as [string, number]];
    });
    const length = Math.sqrt(weighed.reduce((sum, [, share]) => sum + share * share, 0));
    return weighed.map(([gram, share]) => [gram, share / length]);
  }
}
