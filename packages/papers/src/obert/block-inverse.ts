// N blocks, B weights of a block, m gradients in all, k gradients at a time

import {
  add,
  type Compiled,
  compile,
  type HostTensor,
  hostTensor,
  matmul,
  mul,
  sub,
  type Tensor,
  transpose,
} from "@quire/tensor";
import { inverseRoot, unitMatrix } from "./inverse-root.ts";

/** What the empirical Fisher matrix is made of (section 3.2 and appendix A.1). */
export interface FisherOptions {
  /** Weights of a block on the diagonal, B. */
  readonly blockSize: number;
  /** How many gradients there will be, m. */
  readonly gradients: number;
  /** λ, which is added to the diagonal. */
  readonly damping: number;
}

/** Gradients that are taken in at a time: one pass over the blocks for all of them. */
export const GRADIENTS_AT_ONCE = 16;
/** Numbers of the inverse that one call works on: they stay in the processor's cache. */
const NUMBERS_AT_ONCE = 2 ** 19;

/// Eq. 5 (Woodbury, Sherman and Morrison): F⁻¹ ← F⁻¹ - F⁻¹g gᵀF⁻¹ / (m + gᵀF⁻¹g), block by block. Taking in k
/// gradients G one after the other gives F⁻¹ - V (m I + G V)⁻¹ Vᵀ with V = F⁻¹Gᵀ: the same recursion, with its k
/// steps among k x k numbers, so that the B x B numbers of a block are read and written once for all of them.
/** Takes gradients into the inverses of blocks. `[N, B, B], [k, N, B] -> [N, B, B]` */
export function withGradients(inverse: Tensor, gradients: Tensor, m: number): Tensor {
  const own = transpose(gradients, [1, 0, 2]);
  const v = matmul(inverse, own, { transposeB: true });
  const among = add(matmul(own, v), mul(unitMatrix(gradients.shape[0] as number), m));
  const moves = matmul(v, inverseRoot(among));
  return sub(inverse, matmul(moves, moves, { transposeB: true }));
}

/** What takes gradients in, compiled once for all inverses that a model's pruning needs. */
export type TakeIn = Compiled<[Tensor, Tensor], Tensor>;

/** Compiles what takes gradients in; the owner gives its memory back. */
export function compileTakeIn({ gradients }: Pick<FisherOptions, "gradients">): TakeIn {
  return compile((inverse: Tensor, taken: Tensor) => withGradients(inverse, taken, gradients), {
    name: "take gradients into the inverse",
  });
}

/**
 * The inverse of a block-diagonal empirical Fisher matrix λI + (1/m) Σ g gᵀ, of as many blocks as are needed for the
 * weights. It takes 4 · B bytes a weight, and no more: blocks are worked on some at a time.
 */
export class BlockInverse {
  /** How many blocks there are. */
  readonly blocks: number;
  readonly options: FisherOptions;
  /** Some of the blocks each, `[C, B, B]`. */
  readonly #parts: HostTensor[];
  readonly #take: TakeIn;
  #waiting: Float32Array[] = [];

  constructor(blocks: number, options: FisherOptions, take: TakeIn) {
    const { blockSize: size, damping } = options;
    this.blocks = blocks;
    this.options = options;
    this.#parts = partsOf(blocks, size).map(([first, end]) => {
      const values = new Float32Array((end - first) * size * size);
      for (let i = 0; i < (end - first) * size; i++) {
        values[i * size + (i % size)] = 1 / damping;
      }
      return hostTensor(values, [end - first, size, size], "float32");
    });
    this.#take = take;
  }

  /**
   * Takes in one gradient, `[N, B]`; it is kept until enough have come for a pass, or the inverse is asked for.
   */
  async add(gradient: Float32Array): Promise<void> {
    this.#waiting.push(gradient);
    if (this.#waiting.length === GRADIENTS_AT_ONCE) await this.#takeIn();
  }

  /** Parts of the inverse in order, with the blocks that each holds: `[C, B, B]`. */
  async *parts(): AsyncGenerator<{ readonly first: number; readonly inverse: HostTensor }> {
    await this.#takeIn();
    let first = 0;
    for (const inverse of this.#parts) {
      yield { first, inverse };
      first += inverse.shape[0] as number;
    }
  }

  async #takeIn(): Promise<void> {
    const { blockSize } = this.options;
    const waiting = this.#waiting;
    this.#waiting = [];
    if (waiting.length === 0) return;
    let first = 0;
    for (const [i, part] of this.#parts.entries()) {
      const count = part.shape[0] as number;
      const taken = new Float32Array(waiting.length * count * blockSize);
      for (const [k, gradient] of waiting.entries()) {
        const own = gradient.subarray(first * blockSize, (first + count) * blockSize);
        taken.set(own, k * count * blockSize);
      }
      const shape = [waiting.length, count, blockSize];
      this.#parts[i] = await this.#take(part, hostTensor(taken, shape, "float32"));
      first += count;
    }
  }
}

/** Bytes of the inverse for as many blocks, and of the gradients that wait to be taken in. */
export function inverseBytes(blocks: number, blockSize: number): number {
  return 4 * blocks * blockSize * (blockSize + GRADIENTS_AT_ONCE);
}

/** Where parts of about one size begin and end. */
export function partsOf(blocks: number, size: number): [first: number, end: number][] {
  const most = Math.max(1, Math.floor(NUMBERS_AT_ONCE / size ** 2));
  const count = Math.max(1, Math.ceil(blocks / most));
  const each = Math.ceil(blocks / count);
  return Array.from({ length: Math.ceil(blocks / each) }, (_, i) => [
    i * each,
    Math.min(blocks, (i + 1) * each),
  ]);
}
