// B batch, T length, D width

import {
  add,
  constant,
  gather,
  hostTensor,
  type Initializer,
  ShapeError,
  slice,
  type Tensor,
  Variable,
} from "@quire/tensor";
import { truncatedNormal } from "./initial.ts";
import { Module } from "./module.ts";

/** What learned positions are made of. */
export interface LearnedPositionsOptions {
  /** The most positions there are. */
  readonly length: number;
  readonly width: number;
  /** How the vectors are filled; truncated normal draws of deviation 0.02 unless said. */
  readonly initial?: Initializer;
}

/** Adds a learned vector of each position (Gehring et al. 2017, section 3.1). `[B, T, D] -> [B, T, D]` */
export class LearnedPositions extends Module {
  readonly weight: Variable;

  constructor({ length, width, initial = truncatedNormal(0.02) }: LearnedPositionsOptions) {
    super();
    this.weight = new Variable([length, width], { initial });
  }

  /** The tokens' places are 0, 1, ... unless given as int32 `[B, T]`. `[B, T, D] -> [B, T, D]` */
  forward(x: Tensor, places?: Tensor): Tensor {
    return add(x, rowsFor(x, this.weight.tensor, places));
  }
}

/** What sine positions are made of. */
export interface SinePositionsOptions {
  /** The most positions there are. */
  readonly length: number;
  readonly width: number;
  /** The longest wavelength is 2π times this; 10000 unless said. */
  readonly base?: number;
}

/**
 * Adds sines and cosines of each position, in turn along the width (Vaswani et al. 2017, section 3.5).
 * `[B, T, D] -> [B, T, D]`
 */
export class SinePositions extends Module {
  readonly length: number;
  readonly width: number;
  readonly base: number;

  constructor({ length, width, base = 10_000 }: SinePositionsOptions) {
    super();
    this.length = length;
    this.width = width;
    this.base = base;
  }

  /** The tokens' places are 0, 1, ... unless given as int32 `[B, T]`. `[B, T, D] -> [B, T, D]` */
  forward(x: Tensor, places?: Tensor): Tensor {
    return add(x, rowsFor(x, this.#table(), places));
  }

  #table(): Tensor {
    const { length, width, base } = this;
    const data = new Float32Array(length * width);
    for (let i = 0; i < data.length; i++) {
      const [position, column] = [Math.floor(i / width), i % width];
      const angle = position / base ** ((column - (column % 2)) / width);
      data[i] = column % 2 === 0 ? Math.sin(angle) : Math.cos(angle);
    }
    return constant(hostTensor(data, [length, width], "float32"));
  }
}

/** The rows of a table `[L, D]` for the places of x `[B, T, D]`: the first ones unless said. */
function rowsFor(x: Tensor, table: Tensor, places?: Tensor): Tensor {
  const [length, width] = table.shape as [number, number];
  const [, positions = 0, size] = x.shape;
  if (x.shape.length !== 3 || size !== width || positions > length) {
    const got = `got x [${x.shape.join(", ")}]`;
    throw new ShapeError("positions", `needs x [B, up to ${length}, ${width}], ${got}.`, [x]);
  }
  if (places) return gather(table, places);
  return positions === length ? table : slice(table, [0], [positions], { axes: [0] });
}
