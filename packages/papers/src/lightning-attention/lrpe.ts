// B rows, H heads, T tokens, K width of a head

import { inference, type Mode, Module, type Reading } from "@quire/nn";
import {
  add,
  arange,
  cast,
  concat,
  cos,
  mul,
  reshape,
  sin,
  slice,
  sub,
  type Tensor,
  Variable,
} from "@quire/tensor";

/**
 * How positions turn queries and keys. `product` multiplies a head by its cosines and by its sines, one after the
 * other, so that q · k becomes Σ qᵢ kᵢ cos θᵢ(t - s), as the official code does; `rotation` turns a head's two halves
 * as planes, which is the complex product of the paper's eq. 9.
 */
export type LrpeForm = "product" | "rotation";

/** What one call is given beside queries or keys. */
interface Placed {
  readonly reading?: Reading;
}

/// Section 4.2: a_ts = qₜᵀ kₛ λ^(t-s) exp(iθ(t-s)); θ is learned, λ is not.
/** Linearized relative positions with learned angles for each head (Qin et al. 2023, section 3.2). */
export class LinearizedPositions extends Module {
  readonly theta: Variable;
  readonly form: LrpeForm;

  constructor(heads: number, headWidth: number, form: LrpeForm) {
    super();
    const angles = form === "product" ? headWidth : headWidth / 2;
    const all = heads * angles;
    this.theta = new Variable([heads, 1, angles], {
      initial: (data) => {
        for (let i = 0; i < all; i++) data[i] = 10_000 ** ((-2 * i) / (heads * headWidth));
      },
    });
    this.form = form;
  }

  /** Queries or keys at their positions. `[B, H, T, K] -> [B, H, T, 2 K]`, or `[B, H, T, K]` */
  forward(x: Tensor, _: Mode = inference, { reading }: Placed = {}): Tensor {
    const length = x.shape[2] as number;
    const places = reading ? reading.positions : reshape(arange(length), [1, length]);
    const [rows] = places.shape as [number];
    const angles = mul(cast(reshape(places, [rows, 1, length, 1]), "float32"), this.theta);
    const [cosines, sines] = [cos(angles), sin(angles)];
    if (this.form === "product") return concat([mul(x, cosines), mul(x, sines)], -1);
    const half = this.theta.shape[2] as number;
    const a = slice(x, [0], [half], { axes: [3] });
    const b = slice(x, [half], [2 * half], { axes: [3] });
    const turned = [
      sub(mul(a, cosines), mul(b, sines)),
      add(mul(b, cosines), mul(a, sines)),
    ] as const;
    return concat(turned, -1);
  }
}
