// B batch, T length, D width, P parts

import {
  add,
  full,
  type Initializer,
  layerNorm,
  mul,
  reshape,
  silu,
  split,
  type Tensor,
  Variable,
} from "@quire/tensor";
import { normal } from "./initial.ts";
import { Linear } from "./linear.ts";
import { Module } from "./module.ts";

const EPSILON = 1e-6;

/**
 * Layer normalisation without parameters of its own, then shifted and scaled from outside: LN(x) (1 + scale) + shift
 * (Peebles and Xie 2023, section 3.2). `[B, T, D], [B, 1, D] -> [B, T, D]`
 */
export function adaptiveNorm(
  x: Tensor,
  { shift, scale }: { readonly shift: Tensor; readonly scale: Tensor },
): Tensor {
  const plain = layerNorm(x, full([x.shape.at(-1) as number], 1), undefined, { epsilon: EPSILON });
  return add(mul(plain, add(scale, 1)), shift);
}

/** What a modulation is made of. */
export interface ModulationOptions {
  readonly width: number;
  /** How many vectors it gives: 6 for a transformer block, 2 for a final norm. */
  readonly parts: number;
  /** How the weight is filled; with zeros unless said, so that a gate begins closed (adaLN-Zero). */
  readonly initial?: Initializer;
}

/**
 * Vectors by which a condition shifts, scales and gates: a linear layer of its SiLU (Peebles and Xie 2023, section 3.2).
 * One for each block is adaLN, one that all blocks share is the S̄ of adaLN-single (Chen et al. 2023, section 2.3).
 * `[B, D] -> [B, P D]`
 */
export class Modulation extends Module {
  readonly linear: Linear;

  constructor({ width, parts, initial = zeros }: ModulationOptions) {
    super();
    this.linear = new Linear({ in: width, out: parts * width, initial });
  }

  /** `[B, D] -> [B, P D]` */
  forward(condition: Tensor): Tensor {
    return this.linear.forward(silu(condition));
  }
}

const zeros: Initializer = (data) => {
  data.fill(0);
};

/**
 * A block's own vectors E, added to those that all blocks share: adaLN-single (Chen et al. 2023, section 2.3).
 * `[B, P D] -> [B, P D]`
 */
export class ModulationTable extends Module {
  readonly weight: Variable;

  constructor({ width, parts }: Omit<ModulationOptions, "initial">) {
    super();
    this.weight = new Variable([parts, width], { initial: normal(1 / Math.sqrt(width)) });
  }

  /** The vectors of a block, given those that all share. `[B, P D] -> [B, P D]` */
  forward(shared: Tensor): Tensor {
    const [parts, width] = this.weight.shape as [number, number];
    return add(shared, reshape(this.weight.tensor, [1, parts * width]));
  }

  /** The vectors of a block that knows of no condition. `-> [1, P D]` */
  alone(): Tensor {
    const [parts, width] = this.weight.shape as [number, number];
    return reshape(this.weight.tensor, [1, parts * width]);
  }
}

/** The vectors of a modulation, one by one. `[B, P D] -> P times [B, 1, D]` */
export function modulationParts(vectors: Tensor, parts: number): Tensor[] {
  const [batch, all] = vectors.shape as [number, number];
  return split(
    reshape(vectors, [batch, parts, all / parts]),
    Array.from({ length: parts }, () => 1),
    1,
  );
}
