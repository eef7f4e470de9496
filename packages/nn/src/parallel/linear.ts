// P processes

import { add, matmul, type Tensor } from "@quire/tensor";
import { lecunUniform } from "../initial.ts";
import { Linear, type LinearOptions } from "../linear.ts";
import type { Division } from "./division.ts";
import { markShard, partOfInitial, type Shard } from "./shard.ts";

/** What a divided linear layer is made of: sizes of the whole layer; its bias begins as zeros. */
export interface DividedLinearOptions extends LinearOptions {
  readonly division: Division;
}

/**
 * A linear layer of whose outputs each process has its share: the weight is divided by columns in the paper's notation
 * X A (Shoeybi et al. 2019, eq. 2 and 3). `[..., in] -> [..., out / P]`
 */
export class ColumnLinear extends Linear {
  constructor({ division, ...options }: DividedLinearOptions) {
    const { in: inputs, out, initial = lecunUniform } = options;
    const shard: Shard = { group: division.group, axis: 0, whole: [out, inputs] };
    super({
      ...options,
      out: division.share(out, "outputs"),
      initial: partOfInitial(shard, initial),
    });
    markShard(this.weight, shard);
    if (this.bias) markShard(this.bias, { ...shard, whole: [out] });
  }
}

/**
 * A linear layer of whose inputs each process has its share: products are summed over the processes, and the bias is
 * added once (Shoeybi et al. 2019, section 3). `[B, T, in / P] -> [B, T (/ P), out]`
 */
export class RowLinear extends Linear {
  readonly #division: Division;

  constructor({ division, ...options }: DividedLinearOptions) {
    const { in: inputs, out, initial = lecunUniform } = options;
    const shard: Shard = { group: division.group, axis: 1, whole: [out, inputs] };
    super({
      ...options,
      in: division.share(inputs, "inputs"),
      initial: partOfInitial(shard, initial),
    });
    this.#division = division;
    markShard(this.weight, shard);
  }

  /** `[B, T, in / P] -> [B, T (/ P), out]` */
  override forward(x: Tensor): Tensor {
    const sum = this.#division.leave(matmul(x, this.weight, { transposeB: true }));
    return this.bias ? add(sum, this.#division.held(this.bias)) : sum;
  }
}

/** A linear layer that every process has whole, of its own positions where they are divided. `[..., in] -> [..., out]` */
export class HeldLinear extends Linear {
  readonly #division: Division;

  constructor({ division, ...options }: DividedLinearOptions) {
    super(options);
    this.#division = division;
  }

  /** `[..., in] -> [..., out]` */
  override forward(x: Tensor): Tensor {
    const product = matmul(x, this.#division.held(this.weight), { transposeB: true });
    return this.bias ? add(product, this.#division.held(this.bias)) : product;
  }
}

/** A linear layer, divided by outputs if there are processes to divide it. */
export function columns(options: LinearOptions, division: Division): Linear {
  return division.group.size === 1
    ? new Linear(options)
    : new ColumnLinear({ ...options, division });
}

/** A linear layer, divided by inputs if there are processes to divide it. */
export function rows(options: LinearOptions, division: Division): Linear {
  return division.group.size === 1 ? new Linear(options) : new RowLinear({ ...options, division });
}
