// B batch, N numbers of an example, F frequencies, D width

import {
  concat,
  constant,
  cos,
  hostTensor,
  mul,
  reshape,
  silu,
  sin,
  type Tensor,
} from "@quire/tensor";
import { normal } from "./initial.ts";
import { Linear } from "./linear.ts";
import { Module } from "./module.ts";

/** What an embedding of numbers is made of. */
export interface ScalarEmbeddingOptions {
  readonly width: number;
  /** Cosines and sines that a number becomes first, an even count; 256 unless said. */
  readonly frequencies?: number;
  /** The longest wavelength is 2π times this; 10000 unless said. */
  readonly base?: number;
}

/**
 * Vectors of numbers such as times of a diffusion, which may be fractions: cosines and sines of falling frequency, and
 * two linear layers with SiLU between them (Peebles and Xie 2023, section 3.2, after Ho et al. 2020, appendix B).
 * `[B] -> [B, D]`, `[B, N] -> [B, N D]`
 */
export class ScalarEmbedding extends Module {
  readonly first: Linear;
  readonly second: Linear;
  readonly frequencies: number;
  readonly base: number;

  constructor({ width, frequencies = 256, base = 10_000 }: ScalarEmbeddingOptions) {
    super();
    const initial = normal(0.02);
    this.first = new Linear({ in: frequencies, out: width, initial });
    this.second = new Linear({ in: width, out: width, initial });
    this.frequencies = frequencies;
    this.base = base;
  }

  /** Several numbers of an example each become a vector, in a row. `[B] -> [B, D]`, `[B, N] -> [B, N D]` */
  forward(numbers: Tensor): Tensor {
    const shape = numbers.shape as number[];
    const waves = this.second.forward(silu(this.first.forward(this.#waves(numbers))));
    const width = waves.shape.at(-1) as number;
    return reshape(waves, [shape[0] as number, (shape[1] ?? 1) * width]);
  }

  /** `[...] -> [..., F]` */
  #waves(numbers: Tensor): Tensor {
    const half = this.frequencies / 2;
    const falling = Float32Array.from({ length: half }, (_, i) => this.base ** (-i / half));
    const angles = mul(
      reshape(numbers, [...(numbers.shape as number[]), 1]),
      constant(hostTensor(falling, [half])),
    );
    return concat([cos(angles), sin(angles)], -1);
  }
}
