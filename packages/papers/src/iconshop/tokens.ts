// B rows, T ids, D width, V tokens of icons

import { ICON_MARKS, IconCoding } from "@quire/data";
import { Embedding, Linear, Module, normal, uniform } from "@quire/nn";
import {
  add,
  clip,
  concat,
  constant,
  full,
  gather,
  hostTensor,
  type Initializer,
  less,
  matmul,
  type Operand,
  reshape,
  sub,
  type Tensor,
  unsqueeze,
  Variable,
  where,
} from "@quire/tensor";
import type { IconTarget } from "../tasks/icon-target.ts";

/** What the vectors of tokens depend on. */
export interface TokenVectorOptions {
  readonly width: number;
  /** Whether a point's vector has its column's and its row's added; true unless said. */
  readonly places?: boolean;
}

/** Deviation of the draws that vectors begin with; all else begins as the official code's layers do. */
export const DEVIATION = 0.3;

/// Section 4.2: a token's vector is that of the token, that of its x and that of its y; commands have one of each too.
/** The vectors of words and of an icon's tokens. */
export class TokenVectors extends Module {
  readonly words: Embedding;
  readonly tokens: Embedding;
  readonly columns: Embedding | undefined;
  readonly rows: Embedding | undefined;
  readonly #coding: IconCoding;

  constructor({ width, places = true }: TokenVectorOptions, { words, grid, scheme }: IconTarget) {
    super();
    const coding = new IconCoding({ grid, scheme });
    const table = (count: number): Embedding =>
      new Embedding({ count, width, initial: normal(DEVIATION) });
    this.words = table(words);
    this.tokens = table(coding.size);
    // Where columns and rows are tokens themselves, their vectors are the tokens'.
    if (places && scheme === "point") {
      this.columns = table(grid + ICON_MARKS);
      this.rows = table(grid + ICON_MARKS);
    }
    this.#coding = coding;
  }

  /** `[B, T] -> [B, T, D]` */
  forward(ids: Tensor, between?: Tensor): Tensor {
    const { size } = this.#coding;
    const { weight } = this.words;
    const [, width] = weight.shape as [number, number];
    /// Section 4.3: a sequence begins with a vector of zeros, where others have a token for it.
    const rows = [weight.tensor, full([1, width], 0), ...(between ? [between] : [])];
    const others = gather(concat(rows), clip(sub(ids, size), { min: 0 }));
    const own = clip(ids, { max: size - 1 });
    const isIcon = unsqueeze(less(ids, size), [-1]);
    return where(isIcon, this.#iconVectors(own), others);
  }

  #iconVectors(tokens: Tensor): Tensor {
    const vectors = this.tokens.forward(tokens);
    if (!this.columns || !this.rows) return vectors;
    const { grid, size } = this.#coding;
    const tableOf = (placeOf: (point: number) => number): Tensor => {
      const ids = Int32Array.from({ length: size }, (_, token) =>
        token < ICON_MARKS ? token : ICON_MARKS + placeOf(token - ICON_MARKS),
      );
      return constant(hostTensor(ids, [size], "int32"));
    };
    const column = gather(
      tableOf((point) => point % grid),
      tokens,
    );
    const row = gather(
      tableOf((point) => Math.floor(point / grid)),
      tokens,
    );
    return add(vectors, add(this.columns.forward(column), this.rows.forward(row)));
  }
}

/**
 * Fills a head's rows so that a point's is the sum of its column's and its row's: what is learnt of one place is of use
 * to the others in its column and its row from the first step on.
 */
export function pointRows(grid: number): Initializer {
  return (data, shape, random) => {
    const [, width = 0] = shape;
    const draw = uniform(1 / Math.sqrt(2 * width));
    const parts = new Float32Array((ICON_MARKS + 2 * grid) * width);
    draw(parts, shape, random);
    data.set(parts.subarray(0, ICON_MARKS * width));
    for (let at = ICON_MARKS * width; at < data.length; at++) {
      const [point, i] = [Math.floor(at / width) - ICON_MARKS, at % width];
      const column = ICON_MARKS + (point % grid);
      const row = ICON_MARKS + grid + Math.floor(point / grid);
      data[at] = (parts[column * width + i] as number) + (parts[row * width + i] as number);
    }
  };
}

/**
 * A head whose rows of points have their column's and their row's added, as their vectors have: the same logits as
 * those of a row for each point, but what is learnt of one place is of use to all in its column and its row.
 * `[..., D] -> [..., V]`
 */
export class PlaceHead extends Linear {
  readonly columns: Variable;
  readonly rows: Variable;

  constructor({ width, grid }: { readonly width: number; readonly grid: number }) {
    super({ in: width, out: ICON_MARKS + grid * grid });
    const initial = uniform(1 / Math.sqrt(width));
    this.columns = new Variable([1, grid, width], { initial });
    this.rows = new Variable([grid, 1, width], { initial });
  }

  /** `[..., D] -> [..., V]` */
  override forward(x: Operand): Tensor {
    const [size, width] = this.weight.shape as [number, number];
    const places = reshape(add(this.columns, this.rows), [size - ICON_MARKS, width]);
    const weight = add(this.weight, concat([full([ICON_MARKS, width], 0), places]));
    const y = add(matmul(x, weight, { transposeB: true }), this.bias as Variable);
    return this.adapter ? add(y, this.adapter.forward(x)) : y;
  }
}
