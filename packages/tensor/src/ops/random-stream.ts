import { QuireError } from "../errors.ts";
import type { Tensor } from "../graph/node.ts";
import { constant } from "../graph/source.ts";
import { currentTrace, type Trace } from "../graph/trace.ts";
import { Variable } from "../graph/variable.ts";
import { hostTensor } from "../host.ts";
import { Random } from "../random/random.ts";
import { add } from "./arithmetic.ts";

/** Gives keys for random draws. */
export interface RandomKeys {
  /** A key that no other call in this trace, and no other run, gets. `[] -> [2]` */
  next(): Tensor;
}

/**
 * Keys for randomness inside of a compiled function. Every use in a trace gets a key of its own, and every run of
 * the compiled function gets other keys. The whole state is one variable: who stores and restores it draws the same
 * again.
 */
export class RandomStream implements RandomKeys {
  /** int32 [2]: the seed, and how many runs have drawn from the stream. */
  readonly state: Variable;
  readonly #lane: number;
  readonly #uses = new WeakMap<Trace, { readonly start: Tensor; count: number }>();

  /**
   * @param lane Streams of one seed and other lanes draw differently from the same state, so that processes which share
   * a checkpoint each have their own.
   * @throws QuireError when the seed is no whole number from 0 to 2³² - 1.
   */
  constructor(seed: number, name = "random", lane = 0) {
    if (seed >>> 0 !== seed) {
      throw new QuireError(
        `RandomStream: the seed must be a whole number below 2^32, got ${seed}.`,
      );
    }
    this.#lane = lane;
    this.state = new Variable([2], {
      dtype: "int32",
      initial: hostTensor([seed | 0, 0], [2], "int32"),
      name,
      trainable: false,
    });
  }

  /** A key that no other call in this trace, and no other run, gets. `[] -> [2]` */
  next(): Tensor {
    const trace = currentTrace("draw from a RandomStream");
    const known = this.#uses.get(trace);
    const use = known ?? { start: this.state.tensor, count: 0 };
    if (!known) {
      this.state.assign(add(use.start, constant(hostTensor([0, 1], [2], "int32"))));
      this.#uses.set(trace, use);
    }
    const place = new Random(use.count++);
    const moves = this.#lane === 0 ? place : place.fork(this.#lane);
    const words = [moves.bits() | 0, moves.bits() | 0];
    return add(use.start, constant(hostTensor(words, [2], "int32")));
  }
}
