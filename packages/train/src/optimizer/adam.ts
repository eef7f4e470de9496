import { add, div, mul, type Operand, sqrt, sub, type Tensor, type Variable } from "@quire/tensor";
import { Clip } from "./clip.ts";
import { type Optimizer, type OptimizerOptions, optimizerOf, stateVariable } from "./optimizer.ts";
import { onceFor, Rates } from "./rates.ts";

/** How Adam weighs what it remembers. */
export interface AdamOptions extends OptimizerOptions {
  /** How much of each moment is kept a step; 0.9 and 0.999 unless said. */
  readonly betas?: readonly [number, number];
  /** Added to the root of the second moment; 1e-8 unless said. */
  readonly epsilon?: number;
}

/** Adam (Kingma and Ba 2015, algorithm 1); weight decay, if any, joins the gradient. */
export function adam(parameters: readonly Variable[], options: AdamOptions): Optimizer {
  return adamOf(parameters, options, "joins the gradient");
}

/** Adam with decoupled weight decay (Loshchilov and Hutter 2019, algorithm 2), 0.01 unless said. */
export function adamW(parameters: readonly Variable[], options: AdamOptions): Optimizer {
  return adamOf(parameters, { weightDecay: 0.01, ...options }, "shrinks the parameter");
}

/**
 * Both moments are kept as plain sums, M' = b1 M + g and V' = b2 V + g², and the same sums of ones, S1 and S2, so
 * that M / S1 and V / S2 are the paper's bias-corrected moments. All factors of the step then meet in scalars:
 * x' = x - rate √S2 / S1 · M / (√V + ε √S2).
 */
function adamOf(
  parameters: readonly Variable[],
  options: AdamOptions,
  decay: "joins the gradient" | "shrinks the parameter",
): Optimizer {
  const { betas = [0.9, 0.999], epsilon = 1e-8, clipNorm } = options;
  const rates = new Rates(options);
  const clip = clipNorm === undefined ? undefined : new Clip(clipNorm, parameters);
  const ones = ["firstOnes", "secondOnes"].map((name) => stateVariable(name));
  const first = parameters.map((of) => stateVariable("first", { of }));
  const second = parameters.map((of) => stateVariable("second", { of }));

  const update = (gradients: readonly Tensor[]): void => {
    const squares = gradients.map((gradient) => mul(gradient, gradient));
    const clipped = clip?.next(squares);
    const [sumOfFirst, sumOfSecond] = ones.map((total, i) => advance(total, betas[i] as number, 1));
    const root = sqrt(sumOfSecond as Tensor);
    const correction = div(root, sumOfFirst as Tensor);
    const guard = clipped ? div(mul(root, epsilon), clipped.scale) : mul(root, epsilon);
    const keepFirst = clipped ? mul(clipped.ratio, betas[0]) : betas[0];
    const keepSecond = clipped ? mul(mul(clipped.ratio, clipped.ratio), betas[1]) : betas[1];
    const stepSize = onceFor((rate: Tensor) => mul(rate, correction));
    const rateOf = rates.next();
    parameters.forEach((parameter, i) => {
      const x = parameter.tensor;
      const { rate, decay: pull } = rateOf(parameter);
      const joins = pull > 0 && decay === "joins the gradient";
      const gradient = gradients[i] as Tensor;
      const g = joins ? add(gradient, mul(x, pulledBy(pull, clipped?.scale))) : gradient;
      const m = advance(first[i] as Variable, keepFirst, g);
      const v = advance(
        second[i] as Variable,
        keepSecond,
        joins ? mul(g, g) : (squares[i] as Tensor),
      );
      const move = mul(div(m, add(sqrt(v), guard)), stepSize(rate));
      const shrinks = pull > 0 && !joins;
      parameter.assign(sub(shrinks ? mul(x, sub(1, mul(rate, pull))) : x, move));
    });
  };
  const state = [...rates.variables, ...(clip?.variables ?? []), ...ones, ...first, ...second];
  return optimizerOf(parameters, state, update);
}

/** keep · sum + value, which becomes the variable's value. */
function advance(total: Variable, keep: Operand, value: Operand): Tensor {
  const next = add(mul(total, keep), value);
  total.assign(next);
  return next;
}

/** Weight decay in the units of unclipped gradients. */
function pulledBy(decay: number, scale: Tensor | undefined): Operand {
  return scale ? div(decay, scale) : decay;
}
