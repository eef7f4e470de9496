// R rows, C columns: the last two axes

import {
  add,
  div,
  exp,
  log,
  maximum,
  mean,
  minimum,
  mul,
  rsqrt,
  sqrt,
  sub,
  type Tensor,
  Variable,
} from "@quire/tensor";
import { clipped } from "./clip.ts";
import { averaged } from "./moment.ts";
import {
  type Optimizer,
  type OptimizerOptions,
  optimizerOf,
  requireUndivided,
  stateVariable,
} from "./optimizer.ts";
import { Rates } from "./rates.ts";
import type { Schedule } from "./schedule.ts";

/** How Adafactor moves. */
export interface AdafactorOptions extends Omit<OptimizerOptions, "learningRate"> {
  /** The relative rate; the smaller of 0.01 and 1/√(updates) unless said (section 8). */
  readonly learningRate?: Schedule;
  /** Whether the rate is multiplied by the parameter's root mean square; true unless said (section 8). */
  readonly scaleByParameter?: boolean;
  /** How much of the last move is kept; none unless said, which saves the memory. */
  readonly momentum?: number;
}

const relativeRate: Schedule = (step) => minimum(rsqrt(add(step, 1)), 1e-2);

/** The paper's two epsilons, its clipping threshold, and the power by which the second moment forgets (section 8). */
const SMALLEST_SQUARE = 1e-30;
const SMALLEST_SCALE = 1e-3;
const LARGEST_MOVE = 1;
const FORGETTING = 0.8;

/**
 * Adafactor (Shazeer and Stern 2018, algorithms 4 and 5): of a matrix's second moments only the means of rows and
 * columns are kept. Weight decay shrinks the parameter by its own rate.
 */
export function adafactor(
  parameters: readonly Variable[],
  options: AdafactorOptions = {},
): Optimizer {
  const { learningRate = relativeRate, scaleByParameter = true, momentum = 0, clipNorm } = options;
  requireUndivided("adafactor", parameters);
  const rates = new Rates({ ...options, learningRate });
  const seconds = parameters.map((of) => new SecondMoment(of));
  const moments = momentum === 0 ? [] : parameters.map((of) => stateVariable("moment", { of }));

  const update = (gradients: readonly Tensor[]): void => {
    const scaled = clipped(gradients, clipNorm, parameters);
    const keep = sub(1, exp(mul(log(add(rates.made, 1)), -FORGETTING)));
    const rateOf = rates.next();
    parameters.forEach((parameter, i) => {
      const x = parameter.tensor;
      const { rate: relative, decay } = rateOf(parameter);
      const scale = scaleByParameter ? maximum(rootMeanSquare(x), SMALLEST_SCALE) : 1;
      const rate = mul(relative, scale);
      const whitened = (seconds[i] as SecondMoment).whiten(scaled[i] as Tensor, keep);
      const tamed = div(whitened, maximum(div(rootMeanSquare(whitened), LARGEST_MOVE), 1));
      const move = mul(tamed, rate);
      const moment = moments[i];
      const taken = moment ? averaged(moment, momentum, move) : move;
      const kept = decay === 0 ? x : mul(x, sub(1, mul(rate, decay)));
      parameter.assign(sub(kept, taken));
    });
  };
  const state = [...rates.variables, ...seconds.flatMap(({ variables }) => variables), ...moments];
  return optimizerOf(parameters, state, update);
}

function rootMeanSquare(x: Tensor): Tensor {
  return sqrt(mean(mul(x, x)));
}

/** The running mean of squared gradients: for matrices as the means of rows and columns, else in full. */
class SecondMoment {
  readonly variables: readonly Variable[];
  readonly #isFactored: boolean;

  constructor(of: Variable) {
    const lead = of.shape.slice(0, -2);
    const [rows, columns] = of.shape.slice(-2);
    this.#isFactored = rows !== undefined && columns !== undefined;
    this.variables = this.#isFactored
      ? [
          means("rows", of, [...lead, rows as number, 1]),
          means("columns", of, [...lead, 1, columns as number]),
        ]
      : [stateVariable("square", { of })];
  }

  /** The gradient over the root of its second moment, in which this gradient takes part. */
  whiten(gradient: Tensor, keep: Tensor): Tensor {
    const squares = add(mul(gradient, gradient), SMALLEST_SQUARE);
    const [first, second] = this.variables as [Variable, Variable];
    if (!this.#isFactored) return mul(gradient, rsqrt(averaged(first, keep, squares)));
    const rows = averaged(first, keep, mean(squares, { axes: -1, keepDims: true }));
    const columns = averaged(second, keep, mean(squares, { axes: -2, keepDims: true }));
    const share = div(rows, mean(rows, { axes: -2, keepDims: true }));
    return mul(mul(gradient, rsqrt(share)), rsqrt(columns));
  }
}

function means(name: string, of: Variable, shape: readonly number[]): Variable {
  return new Variable(shape, { name: `${name}.${of.name}`, trainable: false });
}
