import { featuresOf } from "./features.ts";

/** What the encoder learnt, as it is sent to a page. */
export interface MeaningFile {
  readonly width: number;
  /** The features that it has seen, `uint32 [features]`, as base64. */
  readonly features: string;
  /** Their vectors, `int8 [features, width]`, as base64. */
  readonly table: string;
  /** Ids of the papers, in the order of the rows of `papers`. */
  readonly ids: readonly string[];
  /** Vectors of papers, `int8 [papers, width]` of length 127, as base64. */
  readonly papers: string;
}

/** The share of a text's features that must be known. */
const LEAST_KNOWN = 0.5;

/** Compares what is asked with what papers are about. */
export class Meaning {
  readonly #width: number;
  readonly #rows: ReadonlyMap<number, number>;
  readonly #table: Int8Array;
  readonly #papers: Int8Array;
  readonly ids: readonly string[];

  constructor({ width, features, table, papers, ids }: MeaningFile) {
    this.#width = width;
    const seen = new Uint32Array(bytesOf(features).buffer);
    this.#rows = new Map(Array.from(seen, (feature, row) => [feature, row]));
    this.#table = new Int8Array(bytesOf(table).buffer);
    this.#papers = new Int8Array(bytesOf(papers).buffer);
    this.ids = ids;
  }

  /** The cosine of each paper with a text; nothing where most of the text is unknown. */
  cosines(text: string): Map<string, number> | undefined {
    const width = this.#width;
    const sum = new Float64Array(width);
    const features = featuresOf(text);
    const rows = features.flatMap((feature) => this.#rows.get(feature) ?? []);
    if (rows.length < LEAST_KNOWN * features.length) return undefined;
    for (const row of rows) {
      for (let i = 0; i < width; i++) {
        sum[i] = (sum[i] as number) + (this.#table[row * width + i] as number);
      }
    }
    return this.#against(sum);
  }

  /** The papers nearest to one, the nearest first. */
  neighbours(id: string, count: number): string[] {
    const place = this.ids.indexOf(id);
    const own = this.#papers.subarray(place * this.#width, (place + 1) * this.#width);
    const found = place < 0 ? undefined : this.#against(Float64Array.from(own));
    return [...(found ?? [])]
      .filter(([other]) => other !== id)
      .sort(([, a], [, b]) => b - a)
      .slice(0, count)
      .map(([other]) => other);
  }

  #against(vector: Float64Array): Map<string, number> | undefined {
    const length = Math.hypot(...vector);
    if (length === 0) return undefined;
    const pairs = this.ids.map((id, place): [string, number] => {
      let product = 0;
      let square = 0;
      for (let i = 0; i < this.#width; i++) {
        const value = this.#papers[place * this.#width + i] as number;
        product += (vector[i] as number) * value;
        square += value * value;
      }
      return [id, product / (length * Math.sqrt(square))];
    });
    return new Map(pairs);
  }
}

function bytesOf(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}
