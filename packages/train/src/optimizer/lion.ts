import { add, mul, sign, sub, type Tensor, type Variable } from "@quire/tensor";
import { clipped } from "./clip.ts";
import { averaged } from "./moment.ts";
import { type Optimizer, type OptimizerOptions, optimizerOf, stateVariable } from "./optimizer.ts";
import { Rates } from "./rates.ts";

/** How Lion weighs what it remembers. */
export interface LionOptions extends OptimizerOptions {
  /** The moment's share in the direction, and how much of it is kept; 0.9 and 0.99 unless said. */
  readonly betas?: readonly [number, number];
}

/**
 * Lion (Chen et al. 2023, algorithm 2): every number moves by the learning rate, in the sign of a moment. It wants a
 * rate three to ten times lower than AdamW's and a weight decay as many times higher (section 5).
 */
export function lion(parameters: readonly Variable[], options: LionOptions): Optimizer {
  const { betas = [0.9, 0.99], clipNorm } = options;
  const rates = new Rates(options);
  const moments = parameters.map((of) => stateVariable("moment", { of }));

  const update = (gradients: readonly Tensor[]): void => {
    const scaled = clipped(gradients, clipNorm, parameters);
    const rateOf = rates.next();
    parameters.forEach((parameter, i) => {
      const x = parameter.tensor;
      const { rate, decay } = rateOf(parameter);
      const [moment, g] = [moments[i] as Variable, scaled[i] as Tensor];
      const direction = sign(add(mul(moment, betas[0]), mul(g, 1 - betas[0])));
      averaged(moment, betas[1], g);
      const pulled = decay === 0 ? direction : add(direction, mul(x, decay));
      parameter.assign(sub(x, mul(pulled, rate)));
    });
  };
  return optimizerOf(parameters, [...rates.variables, ...moments], update);
}
