import { QuireError } from "../errors.ts";
import { exp, log } from "./elementary.ts";
import { threefry } from "./threefry.ts";

/** Where a generator stands, as plain data that JSON can hold. */
export interface RandomState {
  readonly key: readonly [number, number];
  /** How many 32-bit words were drawn. */
  readonly position: number;
}

const NUMBER_LABEL = 0x80000000;
const TEXT_LABEL = 0xc0000000;
const TEXT_END = 0xe0000000;

/**
 * A seeded generator of numbers on the host: the same seed gives the same numbers on every platform.
 *
 * It encrypts a counter (Threefry-2x32, Salmon 2011), so `fork` gives independent generators that depend on
 * the seed and the label only, never on how much was drawn before.
 *
 * @example
 * const random = new Random(7);
 * const weights = random.fork("weights").normal();
 */
export class Random {
  #key0: number;
  #key1: number;
  #position = 0;
  readonly #block = new Uint32Array(2);

  /** @throws QuireError when the seed is not a whole number from 0 to 2 ** 53 - 1. */
  constructor(seed: number) {
    const whole = checkWhole("Random: the seed", seed);
    this.#key0 = whole >>> 0;
    this.#key1 = Math.floor(whole / 2 ** 32);
  }

  /** Makes a generator that continues where another one stood when `state` was taken. */
  static restore(state: RandomState): Random {
    const random = new Random(0);
    random.restore(state);
    return random;
  }

  /** Where this generator stands. */
  state(): RandomState {
    return { key: [this.#key0, this.#key1], position: this.#position };
  }

  /** Goes to where a generator stood when `state` was taken. */
  restore(state: RandomState): void {
    const words = [...state.key, state.position];
    if (words.length !== 3 || !words.every((word) => Number.isSafeInteger(word) && word >= 0)) {
      throw new QuireError(
        "Random: this is not a generator's state: pass what state() returned, unchanged.",
      );
    }
    this.#key0 = state.key[0] >>> 0;
    this.#key1 = state.key[1] >>> 0;
    this.#position = state.position;
    if (this.#position % 2 === 1) this.#fill();
  }

  /** An independent generator named by a text or a whole number; drawing from it changes nothing here. */
  fork(label: string | number): Random {
    const child = new Random(0);
    child.#key0 = this.#key0;
    child.#key1 = this.#key1;
    if (typeof label === "string") {
      for (let i = 0; i < label.length; i += 2) {
        const units = label.charCodeAt(i) * 0x10000 + (label.charCodeAt(i + 1) || 0);
        child.#rekey(units, TEXT_LABEL + (i >> 1));
      }
      child.#rekey(label.length, TEXT_END);
    } else {
      const whole = checkWhole("Random: the number of a fork", label);
      child.#rekey(whole >>> 0, NUMBER_LABEL + Math.floor(whole / 2 ** 32));
    }
    return child;
  }

  /** The next 32 random bits, as a whole number from 0 to 2 ** 32 - 1. */
  bits(): number {
    const second = this.#position % 2 === 1;
    if (!second) this.#fill();
    this.#position++;
    return this.#block[second ? 1 : 0] as number;
  }

  /** A number from 0 (included) to 1 (excluded), with 53 random bits. */
  uniform(): number {
    const high = this.bits() >>> 5;
    const low = this.bits() >>> 6;
    return (high * 2 ** 26 + low) / 2 ** 53;
  }

  /**
   * A whole number from 0 to `n - 1`, each equally likely.
   *
   * @throws QuireError when n is not a whole number from 1 to 2 ** 32.
   */
  integer(n: number): number {
    if (!Number.isInteger(n) || n < 1 || n > 2 ** 32) {
      throw new QuireError(`Random: integer(n) needs a whole number from 1 to 2 ** 32, got ${n}.`);
    }
    const fair = 2 ** 32 - (2 ** 32 % n);
    for (;;) {
      const word = this.bits();
      if (word < fair) return word % n;
    }
  }

  /** A draw from the normal distribution of mean 0 and deviation 1 (Marsaglia's polar method). */
  normal(): number {
    for (;;) {
      const x = 2 * this.uniform() - 1;
      const y = 2 * this.uniform() - 1;
      const square = x * x + y * y;
      if (square < 1 && square > 0) return x * Math.sqrt((-2 * log(square)) / square);
    }
  }

  /** A draw from the gamma distribution of the given shape and scale 1. */
  gamma(shape: number): number {
    return exp(this.#logGamma(checkPositive("gamma(shape)", shape)));
  }

  /** A draw from the beta distribution: between 0 and 1, with mean `a / (a + b)`. */
  beta(a: number, b: number): number {
    const first = this.#logGamma(checkPositive("beta(a, b)", a));
    const second = this.#logGamma(checkPositive("beta(a, b)", b));
    return 1 / (1 + exp(second - first));
  }

  /** The numbers 0 to `n - 1` in a random order, each order equally likely (Fisher and Yates). */
  permutation(n: number): Int32Array {
    const order = Int32Array.from({ length: n }, (_, i) => i);
    for (let i = n - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      const swapped = order[i] as number;
      order[i] = order[j] as number;
      order[j] = swapped;
    }
    return order;
  }

  /**
   * The logarithm of a gamma draw, which stays finite for tiny shapes.
   *
   * Source: Marsaglia and Tsang, "A simple method for generating gamma variables" (2000), section 4; shapes
   * below 1 by the identity of its section 6.
   */
  #logGamma(shape: number): number {
    if (shape < 1) return this.#logGamma(shape + 1) + log(1 - this.uniform()) / shape;
    const d = shape - 1 / 3;
    const c = 1 / Math.sqrt(9 * d);
    for (;;) {
      const x = this.normal();
      const root = 1 + c * x;
      if (root <= 0) continue;
      const v = root * root * root;
      if (log(1 - this.uniform()) < 0.5 * x * x + d - d * v + d * log(v)) return log(d) + log(v);
    }
  }

  #fill(): void {
    const block = Math.floor(this.#position / 2);
    threefry(this.#key0, this.#key1, block >>> 0, Math.floor(block / 2 ** 32), this.#block);
  }

  #rekey(c0: number, c1: number): void {
    threefry(this.#key0, this.#key1, c0, c1, this.#block);
    this.#key0 = this.#block[0] as number;
    this.#key1 = this.#block[1] as number;
  }
}

/** Returns a value that must be a whole number from 0; `what` says whose it is. */
function checkWhole(what: string, value: number): number {
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new QuireError(`${what} must be a whole number from 0, got ${value}.`);
}

function checkPositive(what: string, value: number): number {
  if (value > 0 && value < Number.POSITIVE_INFINITY) return value;
  throw new QuireError(`Random: ${what} needs numbers above 0, got ${value}.`);
}
