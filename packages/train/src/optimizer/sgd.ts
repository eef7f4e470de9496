import { add, div, mul, sub, type Tensor, type Variable } from "@quire/tensor";
import { Clip } from "./clip.ts";
import { type Optimizer, type OptimizerOptions, optimizerOf, stateVariable } from "./optimizer.ts";
import { onceFor, Rates } from "./rates.ts";

/** How gradient descent remembers. */
export interface SgdOptions extends OptimizerOptions {
  /** How much of the last direction is kept; none unless said. */
  readonly momentum?: number;
  /** Whether the gradient is taken a step ahead (Sutskever et al. 2013, eq. 3); false unless said. */
  readonly nesterov?: boolean;
}

/** Gradient descent, with momentum as PyTorch defines it: M' = momentum M + g, x' = x - rate M'. */
export function sgd(parameters: readonly Variable[], options: SgdOptions): Optimizer {
  const { momentum = 0, nesterov = false, clipNorm } = options;
  const rates = new Rates(options);
  const clip = clipNorm === undefined ? undefined : new Clip(clipNorm, parameters);
  const moments = momentum === 0 ? [] : parameters.map((of) => stateVariable("moment", { of }));

  const update = (gradients: readonly Tensor[]): void => {
    const clipped = clip?.next(gradients.map((gradient) => mul(gradient, gradient)));
    const keep = clipped ? mul(clipped.ratio, momentum) : momentum;
    const stepSize = onceFor((rate: Tensor) => (clipped ? mul(rate, clipped.scale) : rate));
    const rateOf = rates.next();
    parameters.forEach((parameter, i) => {
      const x = parameter.tensor;
      const { rate, decay } = rateOf(parameter);
      const pull = clipped ? div(decay, clipped.scale) : decay;
      const gradient = gradients[i] as Tensor;
      const g = decay === 0 ? gradient : add(gradient, mul(x, pull));
      const moment = moments[i];
      const m = moment ? add(mul(moment, keep), g) : g;
      moment?.assign(m);
      const direction = nesterov ? add(g, mul(m, momentum)) : m;
      parameter.assign(sub(x, mul(direction, stepSize(rate))));
    });
  };
  const state = [...rates.variables, ...(clip?.variables ?? []), ...moments];
  return optimizerOf(parameters, state, update);
}
