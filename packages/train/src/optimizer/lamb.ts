import {
  add,
  div,
  exp,
  greater,
  logicalAnd,
  mul,
  sqrt,
  sub,
  type Tensor,
  type Variable,
  where,
} from "@quire/tensor";
import type { AdamOptions } from "./adam.ts";
import { clipped, globalNorm } from "./clip.ts";
import { averaged } from "./moment.ts";
import { type Optimizer, optimizerOf, requireUndivided, stateVariable } from "./optimizer.ts";
import { Rates } from "./rates.ts";

/**
 * LAMB (You et al. 2020, algorithm 2): Adam's direction with weight decay, scaled so that every parameter moves in
 * proportion to its own norm; epsilon is 1e-6 unless said. A parameter whose norm is 0 moves by the direction itself.
 */
export function lamb(parameters: readonly Variable[], options: AdamOptions): Optimizer {
  const { betas = [0.9, 0.999], epsilon = 1e-6, clipNorm } = options;
  requireUndivided("lamb", parameters);
  const rates = new Rates(options);
  const first = parameters.map((of) => stateVariable("first", { of }));
  const second = parameters.map((of) => stateVariable("second", { of }));

  const update = (gradients: readonly Tensor[]): void => {
    const scaled = clipped(gradients, clipNorm, parameters);
    const count = add(rates.made, 1);
    const [ofFirst, ofSecond] = betas.map((beta) => sub(1, exp(mul(count, Math.log(beta)))));
    const rateOf = rates.next();
    parameters.forEach((parameter, i) => {
      const x = parameter.tensor;
      const { rate, decay } = rateOf(parameter);
      const g = scaled[i] as Tensor;
      const m = div(averaged(first[i] as Variable, betas[0], g), ofFirst as Tensor);
      const v = div(averaged(second[i] as Variable, betas[1], mul(g, g)), ofSecond as Tensor);
      const ratio = div(m, add(sqrt(v), epsilon));
      const direction = decay === 0 ? ratio : add(ratio, mul(x, decay));
      parameter.assign(sub(x, mul(direction, mul(rate, trust(x, direction)))));
    });
  };
  return optimizerOf(parameters, [...rates.variables, ...first, ...second], update);
}

/** The parameter's norm over its direction's; 1 where one of them is 0. */
function trust(x: Tensor, direction: Tensor): Tensor {
  const [own, moved] = [globalNorm([x]), globalNorm([direction])];
  const known = logicalAnd(greater(own, 0), greater(moved, 0));
  return where(known, div(own, where(known, moved, 1)), 1);
}
