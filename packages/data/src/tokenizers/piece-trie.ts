/** The pieces of a unigram vocabulary, found by the code points of a text one after the other. */
export class PieceTrie {
  readonly #children = new Map<number, number>();
  readonly #piece: number[] = [-1];

  constructor(pieces: readonly string[]) {
    pieces.forEach((piece, id) => {
      let node = 0;
      for (const character of piece) node = this.#grow(node, codeOf(character));
      this.#piece[node] = id;
    });
  }

  /** The node below a node by a code point, -1 where there is none; the root is 0. */
  step(node: number, code: number): number {
    return this.#children.get(node * CODES + code) ?? -1;
  }

  /** The piece that ends at a node, -1 where none does. */
  pieceAt(node: number): number {
    return this.#piece[node] ?? -1;
  }

  #grow(node: number, code: number): number {
    const key = node * CODES + code;
    const found = this.#children.get(key);
    if (found !== undefined) return found;
    const grown = this.#piece.push(-1) - 1;
    this.#children.set(key, grown);
    return grown;
  }
}

const CODES = 0x110000;

/** The code points of a text. */
export function codesOf(text: string): Int32Array {
  return Int32Array.from(text, codeOf);
}

function codeOf(character: string): number {
  return character.codePointAt(0) ?? 0;
}
