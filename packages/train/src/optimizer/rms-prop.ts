import { add, div, mul, sqrt, sub, type Tensor, type Variable } from "@quire/tensor";
import { clipped } from "./clip.ts";
import { averaged } from "./moment.ts";
import { type Optimizer, type OptimizerOptions, optimizerOf, stateVariable } from "./optimizer.ts";
import { Rates } from "./rates.ts";

/** How RMSProp remembers. */
export interface RmsPropOptions extends OptimizerOptions {
  /** How much of the mean square is kept a step; 0.99 unless said. */
  readonly keep?: number;
  /** Added to the root of the mean square; 1e-8 unless said. */
  readonly epsilon?: number;
  /** How much of the last direction is kept; none unless said. */
  readonly momentum?: number;
}

/**
 * RMSProp as PyTorch defines it (Hinton et al. 2012, lecture 6e): g / (√V + ε), V the running mean of g²; weight
 * decay, if any, joins the gradient.
 */
export function rmsProp(parameters: readonly Variable[], options: RmsPropOptions): Optimizer {
  const { keep = 0.99, epsilon = 1e-8, momentum = 0, clipNorm } = options;
  const rates = new Rates(options);
  const squares = parameters.map((of) => stateVariable("square", { of }));
  const moments = momentum === 0 ? [] : parameters.map((of) => stateVariable("moment", { of }));

  const update = (gradients: readonly Tensor[]): void => {
    const scaled = clipped(gradients, clipNorm, parameters);
    const rateOf = rates.next();
    parameters.forEach((parameter, i) => {
      const x = parameter.tensor;
      const { rate, decay } = rateOf(parameter);
      const gradient = scaled[i] as Tensor;
      const g = decay === 0 ? gradient : add(gradient, mul(x, decay));
      const v = averaged(squares[i] as Variable, keep, mul(g, g));
      const direction = div(g, add(sqrt(v), epsilon));
      const moment = moments[i];
      const move = moment ? add(mul(moment, momentum), direction) : direction;
      moment?.assign(move);
      parameter.assign(sub(x, mul(move, rate)));
    });
  };
  return optimizerOf(parameters, [...rates.variables, ...squares, ...moments], update);
}
