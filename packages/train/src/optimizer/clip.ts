import { add, div, minimum, mul, sqrt, sum, type Tensor, type Variable } from "@quire/tensor";
import { stateVariable } from "./optimizer.ts";

/** The norm of all tensors as one vector: √(Σ x²). `[...]... -> []` */
export function globalNorm(tensors: readonly Tensor[]): Tensor {
  return normOfSquares(tensors.map((x) => mul(x, x)));
}

/** The norm from the squares of all values. */
export function normOfSquares(squares: readonly Tensor[]): Tensor {
  const [first, ...rest] = squares.map((square) => sum(square)) as [Tensor, ...Tensor[]];
  return sqrt(rest.reduce((total, part) => add(total, part), first));
}

/** Gradients scaled down to a global norm of at most `limit`; as they are without a limit. */
export function clipped(gradients: readonly Tensor[], limit: number | undefined): Tensor[] {
  if (limit === undefined) return [...gradients];
  const scale = scaleTo(limit, globalNorm(gradients));
  return gradients.map((gradient) => mul(gradient, scale));
}

/** At most 1; PyTorch's guard against a norm of 0. */
function scaleTo(limit: number, norm: Tensor): Tensor {
  return minimum(div(limit, add(norm, 1e-6)), 1);
}

/** What clipping asks of a moving sum of gradients. */
export interface Clipped {
  /** What each gradient is to be multiplied by, at most 1. */
  readonly scale: Tensor;
  /** The last step's scale over this one's. */
  readonly ratio: Tensor;
}

/**
 * Clips gradients by their global norm (Pascanu et al. 2013, algorithm 1) without a pass over them: a moment
 * M' = b M + s g is kept as N = M / s, so that N' = b (s_last / s) N + g, and s joins the scalar factors.
 */
export class Clip {
  readonly #limit: number;
  readonly #last: Variable = stateVariable("clipScale", { initial: 1 });

  constructor(limit: number) {
    this.#limit = limit;
  }

  get variables(): readonly Variable[] {
    return [this.#last];
  }

  /** This step's scale, from the squares of all gradients. */
  next(squares: readonly Tensor[]): Clipped {
    const scale = scaleTo(this.#limit, normOfSquares(squares));
    const ratio = div(this.#last, scale);
    this.#last.assign(scale);
    return { scale, ratio };
  }
}
