import { shardOf } from "@quire/nn";
import {
  add,
  type Collectives,
  div,
  minimum,
  mul,
  sqrt,
  sum,
  sumOverGroup,
  type Tensor,
  type Variable,
} from "@quire/tensor";
import { stateVariable } from "./optimizer.ts";

/**
 * The norm of all tensors as one vector: √(Σ x²). Where they are the gradients of parameters that processes divide, it is
 * that of the whole. `[...]... -> []`
 */
export function globalNorm(tensors: readonly Tensor[], of: readonly Variable[] = []): Tensor {
  return normOfSquares(
    tensors.map((x) => mul(x, x)),
    of,
  );
}

/** The norm from the squares of all values, which belong to the given parameters. */
export function normOfSquares(squares: readonly Tensor[], of: readonly Variable[] = []): Tensor {
  const sums = squares.map((square) => sum(square));
  const held = sums.filter((_, i) => !groupOf(of[i]));
  const byGroup = new Map<Collectives, Tensor[]>();
  sums.forEach((part, i) => {
    const group = groupOf(of[i]);
    if (group) byGroup.set(group, [...(byGroup.get(group) ?? []), part]);
  });
  const divided = [...byGroup].map(([group, parts]) => sumOverGroup(total(parts), group));
  return sqrt(total([...held, ...divided]));
}

function groupOf(parameter: Variable | undefined): Collectives | undefined {
  return parameter && shardOf(parameter)?.group;
}

function total(parts: readonly Tensor[]): Tensor {
  const [first, ...rest] = parts as readonly [Tensor, ...Tensor[]];
  return rest.reduce((sum, part) => add(sum, part), first);
}

/** Gradients of parameters scaled down to a global norm of at most `limit`; as they are without a limit. */
export function clipped(
  gradients: readonly Tensor[],
  limit: number | undefined,
  of: readonly Variable[] = [],
): Tensor[] {
  if (limit === undefined) return [...gradients];
  const scale = scaleTo(limit, globalNorm(gradients, of));
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

  readonly #parameters: readonly Variable[];

  constructor(limit: number, parameters: readonly Variable[]) {
    this.#limit = limit;
    this.#parameters = parameters;
  }

  get variables(): readonly Variable[] {
    return [this.#last];
  }

  /** This step's scale, from the squares of all gradients. */
  next(squares: readonly Tensor[]): Clipped {
    const scale = scaleTo(this.#limit, normOfSquares(squares, this.#parameters));
    const ratio = div(this.#last, scale);
    this.#last.assign(scale);
    return { scale, ratio };
  }
}
