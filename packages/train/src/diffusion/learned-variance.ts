// B batch; the other axes are the values' own

import {
  add,
  equal,
  exp,
  greater,
  less,
  log,
  maximum,
  mean,
  mul,
  neg,
  reshape,
  stopGradient,
  sub,
  type Tensor,
  tanh,
  where,
} from "@quire/tensor";
import type { Diffusion, NoisedValues } from "./diffusion.ts";
import { tableAt } from "./table-at.ts";

/** What the posterior of a step back is: its mean is first x_0 + second x_t. */
export interface PosteriorTables {
  readonly first: Float64Array;
  readonly second: Float64Array;
  /** Its variance, and that of the step before at time 0, where it is none. */
  readonly logSmall: Float64Array;
  /** β. */
  readonly logLarge: Float64Array;
}

/** The posterior of each step back from a time to the one before (Ho et al. 2020, eq. 6 and 7). */
export function posteriorTables(betas: Float64Array, alphas: Float64Array): PosteriorTables {
  const before = (i: number): number => (i === 0 ? 1 : (alphas[i - 1] as number) ** 2);
  const noise = (i: number): number => 1 - (alphas[i] as number) ** 2;
  const small = betas.map((beta, i) => (beta * (1 - before(i))) / noise(i));
  return {
    first: betas.map((beta, i) => (beta * Math.sqrt(before(i))) / noise(i)),
    second: betas.map((beta, i) => ((1 - before(i)) * Math.sqrt(1 - beta)) / noise(i)),
    logSmall: small.map((_, i) => Math.log(small[i === 0 ? 1 : i] as number)),
    logLarge: betas.map(Math.log),
  };
}

/**
 * The variational bound of the variances that a network foretells, in bits a value; the means are held, so that it
 * teaches variances alone (Nichol and Dhariwal 2021, section 3.1, eq. 15 and 16). `-> []`
 */
export function variationalBound(
  diffusion: Diffusion,
  { said, share }: { readonly said: Tensor; readonly share: Tensor },
  values: NoisedValues,
): Tensor {
  const { start, times } = values;
  const tables = posteriorTables(diffusion.betas, diffusion.schedule.alphas);
  const at = (table: Float64Array): Tensor => tableAt(table, times, start);
  const [first, second] = [at(tables.first), at(tables.second)];
  const [small, large] = [at(tables.logSmall), at(tables.logLarge)];
  const noised = diffusion.noised(values);
  const meanOf = (x: Tensor): Tensor => add(mul(first, x), mul(second, noised));
  const foretold = stopGradient(meanOf(diffusion.startOf(said, noised, times)));
  const part = mul(add(share, 1), 0.5);
  const logVariance = add(mul(part, large), mul(sub(1, part), small));
  const apart = divergence(meanOf(start), small, foretold, logVariance);
  const first0 = pixelLikelihood(start, foretold, mul(logVariance, 0.5));
  const isFirst = reshape(equal(times, 0), small.shape as number[]);
  const bits = mul(where(isFirst, neg(first0), apart), 1 / Math.LN2);
  return mul(mean(bits), diffusion.steps / 1000);
}

/** The Kullback-Leibler divergence of normal distributions, value by value. */
function divergence(mean1: Tensor, log1: Tensor, mean2: Tensor, log2: Tensor): Tensor {
  const gap = sub(mean1, mean2);
  const spread = add(exp(sub(log1, log2)), mul(mul(gap, gap), exp(neg(log2))));
  return mul(add(add(-1, sub(log2, log1)), spread), 0.5);
}

/** Half of a step between two of 256 values from -1 to 1. */
const HALF_STEP = 1 / 255;
/** Keeps a logarithm finite. */
const LEAST = 1e-12;
/** Beyond it a value is the first or the last of the 256, whose bin is open. */
const EDGE = 0.999;

/** ln of the probability of a pixel among 256 values from -1 to 1, as normal (Ho et al. 2020, eq. 13). */
function pixelLikelihood(x: Tensor, centre: Tensor, logDeviation: Tensor): Tensor {
  const gap = sub(x, centre);
  const inverse = exp(neg(logDeviation));
  const above = normalShare(mul(inverse, add(gap, HALF_STEP)));
  const below = normalShare(mul(inverse, sub(gap, HALF_STEP)));
  const safe = (probability: Tensor): Tensor => log(maximum(probability, LEAST));
  const inner = where(greater(x, EDGE), safe(sub(1, below)), safe(sub(above, below)));
  return where(less(x, -EDGE), safe(above), inner);
}

/** The share of a normal distribution below a value, as tanh approximates it (Page 1977). */
function normalShare(x: Tensor): Tensor {
  const cubed = mul(mul(x, x), x);
  return mul(add(tanh(mul(add(x, mul(cubed, 0.044715)), Math.sqrt(2 / Math.PI))), 1), 0.5);
}
