import { embedding, type Initializer, type Operand, type Tensor, Variable } from "@quire/tensor";
import { normal } from "./initial.ts";
import { Module } from "./module.ts";

/** What a table of vectors is made of. */
export interface EmbeddingOptions {
  /** How many vectors there are. */
  readonly count: number;
  /** Length of a vector. */
  readonly width: number;
  /** How the table is filled; normal draws of deviation 1 unless said. */
  readonly initial?: Initializer;
}

/** A learned vector for each id. `[...] -> [..., D]` */
export class Embedding extends Module {
  readonly weight: Variable;

  constructor({ count, width, initial = normal(1) }: EmbeddingOptions) {
    super();
    this.weight = new Variable([count, width], { initial });
  }

  /** The vectors of ids from 0 to count - 1. `[...] -> [..., D]` */
  forward(ids: Operand): Tensor {
    return embedding(this.weight, ids);
  }
}
