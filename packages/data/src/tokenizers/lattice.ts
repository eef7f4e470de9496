import type { PieceTrie } from "./piece-trie.ts";

/**
 * All ways to cut a word into pieces: the edges of a graph over the places between its characters, in order of
 * where they start.
 */
export class Lattice {
  /** The piece, start and end of each edge, three numbers an edge. */
  readonly #edges: number[] = [];
  #length = 0;

  /** Finds the pieces of a word by its code points. */
  fill(codes: Int32Array, trie: PieceTrie): void {
    this.#edges.length = 0;
    this.#length = codes.length;
    for (let start = 0; start < codes.length; start++) {
      let node = 0;
      for (let end = start; end < codes.length; end++) {
        node = trie.step(node, codes[end] as number);
        if (node < 0) break;
        const piece = trie.pieceAt(node);
        if (piece >= 0) this.#edges.push(piece, start, end + 1);
      }
    }
  }

  /**
   * Adds to `expected` how often each piece is expected in the word, times `count`, by the forward-backward
   * algorithm (Kudo 2018, section 3.2).
   *
   * @returns the logarithm of the word's probability; `-Infinity` where no way of cutting it exists.
   */
  expect(scores: Float64Array, expected: Float64Array, count: number): number {
    const edges = this.#edges;
    const forward = this.#places(0);
    for (let i = 0; i < edges.length; i += 3) {
      const [start, end] = [edges[i + 1] as number, edges[i + 2] as number];
      const score = (forward[start] as number) + (scores[edges[i] as number] as number);
      forward[end] = logAdd(forward[end] as number, score);
    }
    const total = forward[this.#length] as number;
    if (total === Number.NEGATIVE_INFINITY) return total;
    const backward = this.#places(this.#length);
    for (let i = edges.length - 3; i >= 0; i -= 3) {
      const [piece, start, end] = [edges[i], edges[i + 1], edges[i + 2]] as [
        number,
        number,
        number,
      ];
      const after = (backward[end] as number) + (scores[piece] as number);
      const share = Math.exp((forward[start] as number) + after - total);
      expected[piece] = (expected[piece] as number) + count * share;
      backward[start] = logAdd(backward[start] as number, after);
    }
    return total;
  }

  /** The likeliest pieces of the word, without the piece `banned`; undefined where there is no way. */
  best(scores: Float64Array, banned = -1): number[] | undefined {
    const edges = this.#edges;
    const score = this.#places(0);
    const last = new Int32Array(this.#length + 1).fill(-1);
    for (let i = 0; i < edges.length; i += 3) {
      const [piece, start, end] = [edges[i], edges[i + 1], edges[i + 2]] as [
        number,
        number,
        number,
      ];
      const reached = (score[start] as number) + (scores[piece] as number);
      if (piece === banned || !(reached > (score[end] as number))) continue;
      score[end] = reached;
      last[end] = i;
    }
    const pieces: number[] = [];
    for (let end = this.#length; end > 0; end = edges[(last[end] as number) + 1] as number) {
      if (last[end] === -1) return undefined;
      pieces.push(edges[last[end] as number] as number);
    }
    return pieces.reverse();
  }

  #places(origin: number): Float64Array {
    const places = new Float64Array(this.#length + 1).fill(Number.NEGATIVE_INFINITY);
    places[origin] = 0;
    return places;
  }
}

function logAdd(a: number, b: number): number {
  if (a < b) return logAdd(b, a);
  return b === Number.NEGATIVE_INFINITY ? a : a + Math.log1p(Math.exp(b - a));
}
