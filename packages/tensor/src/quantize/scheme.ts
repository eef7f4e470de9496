import { QuireError } from "../errors.ts";
import type { Variable } from "../graph/variable.ts";

/** The least and the largest value that a product's left side had, by the weight on its right side. */
export type Ranges = ReadonlyMap<Variable, readonly [least: number, largest: number]>;

/** How products with 8-bit weights are made. */
export interface Int8Options {
  /** What `calibrate` saw, to round inputs by; each run looks at its own inputs unless given. */
  readonly ranges?: Ranges;
}

/** How weights are cut into blocks. */
export interface BlockOptions {
  /** Bits of a weight, 4 or 8; 4 unless said. */
  readonly bits?: 4 | 8;
  /** How many weights share a scale, a power of two from 16 up; 32 unless said. */
  readonly size?: number;
}

/** How an inference graph's weights are stored, and its products computed. */
export type Quantization =
  | { readonly kind: "int8"; readonly ranges: Ranges | undefined }
  | { readonly kind: "blocks"; readonly bits: 4 | 8; readonly size: number }
  | { readonly kind: "float16" }
  | { readonly kind: "frozen" };

/**
 * Weights of 8 bits with a scale for each output, and products in whole numbers (Jacob et al. 2018, section 2).
 * Processors without VNNI instructions may cut sums of such products off; measure there, or take `blocks`.
 */
export function int8({ ranges }: Int8Options = {}): Quantization {
  return { kind: "int8", ranges };
}

/**
 * Weights of 4 or 8 bits with a scale for each block of inputs (Dettmers and Zettlemoyer 2023, section 2.1).
 * Fastest where few tokens are read at a time.
 *
 * @throws QuireError when the size is no power of two from 16 up.
 */
export function blocks({ bits = 4, size = 32 }: BlockOptions = {}): Quantization {
  if (size < 16 || !Number.isInteger(Math.log2(size))) {
    throw new QuireError(`blocks: the size must be a power of two from 16 up, got ${size}.`);
  }
  return { kind: "blocks", bits, size };
}

/** Weights stored in 16 bits; the runtime makes them 32 when it loads them, and computes as before. */
export function float16(): Quantization {
  return { kind: "float16" };
}

/**
 * Weights as they are, but as constants of the model: the runtime lays them out for its kernels once, which makes
 * products of a single row about twice as fast and takes their memory again. Only for compiled functions.
 */
export function frozen(): Quantization {
  return { kind: "frozen" };
}
