// H heads, T queries, S keys, N buckets

import {
  abs,
  add,
  cast,
  constant,
  embedding,
  greater,
  greaterEqual,
  hostTensor,
  type Initializer,
  iota,
  maximum,
  mul,
  neg,
  reshape,
  sub,
  sum,
  type Tensor,
  transpose,
  Variable,
} from "@quire/tensor";
import type { AttentionBias, AttentionSizes } from "./attention-bias.ts";
import { normal } from "./initial.ts";
import { Module } from "./module.ts";

/** What learned relative positions are made of. */
export interface RelativePositionsOptions {
  readonly heads: number;
  /** How many kinds of distances are told apart; 32 unless said. */
  readonly buckets?: number;
  /** Distances from this on are one kind; 128 unless said. */
  readonly furthest?: number;
  /** Whether keys before and after the query are told apart; those after it count as at its place otherwise. */
  readonly bidirectional?: boolean;
  /** How the biases are filled; normal draws of deviation 0.02 unless said. */
  readonly initial?: Initializer;
}

/**
 * A learned number of each head for each bucket of distances, added to the scaled products: single places near the
 * query, then ever wider ranges (Raffel et al. 2020, section 2.1; bidirectional as in MPNet, Song et al. 2020). One
 * may be shared by all layers. `-> [H, T, S]`
 */
export class RelativePositions extends Module implements AttentionBias {
  readonly weight: Variable;
  readonly buckets: number;
  readonly furthest: number;
  readonly bidirectional: boolean;

  constructor(options: RelativePositionsOptions) {
    super();
    const { heads, buckets = 32, furthest = 128, bidirectional = true } = options;
    const { initial = normal(0.02) } = options;
    this.weight = new Variable([buckets, heads], { initial });
    this.buckets = buckets;
    this.furthest = furthest;
    this.bidirectional = bidirectional;
  }

  /** `-> [H, T, S]`; the last query is level with the last key. */
  forward({ queries, keys }: AttentionSizes): Tensor {
    const shape = [queries, keys];
    const distance = sub(iota(shape, 1), add(iota(shape, 0), keys - queries));
    const away = this.bidirectional ? abs(distance) : maximum(neg(distance), 0);
    const bounds = constant(hostTensor(this.#bounds(), [this.#side - 1], "int32"));
    const passed = greaterEqual(reshape(away, [queries, keys, 1]), bounds);
    const bucket = sum(cast(passed, "int32"), { axes: 2 });
    const isAfter = cast(greater(distance, 0), "int32");
    const places = this.bidirectional ? add(bucket, mul(isAfter, this.#side)) : bucket;
    return transpose(embedding(this.weight, places), [2, 0, 1]);
  }

  /** Buckets of keys on one side of the query. */
  get #side(): number {
    return this.bidirectional ? this.buckets >> 1 : this.buckets;
  }

  /** The least distance of each bucket after the first: single ones in the first half, then a geometric row. */
  #bounds(): Int32Array {
    const [side, single] = [this.#side, this.#side >> 1];
    const rate = Math.log(this.furthest / single) / (side - single);
    return Int32Array.from({ length: side - 1 }, (_, i) => {
      const bucket = i + 1;
      if (bucket <= single) return bucket;
      const bound = single * Math.exp(rate * (bucket - single));
      // A bound that is a whole number up to rounding is that number.
      return Math.ceil(bound - 1e-9 * bound);
    });
  }
}
