import { QuireError } from "@quire/tensor";

/** How the share of noise grows: evenly (Ho et al. 2020, section 4), or as a cosine (Nichol and Dhariwal 2021, eq. 17). */
export type BetaSchedule = "linear" | "cosine";

/** Of 1000 steps; of fewer, each adds as much more. */
const LINEAR = { first: 1e-4, last: 0.02, steps: 1000 };
const COSINE_OFFSET = 0.008;
const LARGEST_BETA = 0.999;

/**
 * The variances that each step adds. `-> [T]`
 *
 * @throws QuireError when there are not at least two steps.
 */
export function betasOf(schedule: BetaSchedule, steps: number): Float64Array {
  if (!Number.isInteger(steps) || steps < 2) {
    throw new QuireError(`diffusion: steps must be a whole number from 2 up, got ${steps}.`);
  }
  return Float64Array.from({ length: steps }, (_, step) =>
    schedule === "linear" ? linearBeta(step, steps) : cosineBeta(step, steps),
  );
}

function linearBeta(step: number, steps: number): number {
  const { first, last } = LINEAR;
  const scale = LINEAR.steps / steps;
  return Math.min(LARGEST_BETA, scale * (first + ((last - first) * step) / (steps - 1)));
}

function cosineBeta(step: number, steps: number): number {
  const kept = (at: number): number =>
    Math.cos((((at / steps + COSINE_OFFSET) / (1 + COSINE_OFFSET)) * Math.PI) / 2) ** 2;
  return Math.min(LARGEST_BETA, 1 - kept(step + 1) / kept(step));
}

/**
 * How much of the data and how much noise there is at each time: x_t = α_t x_0 + σ_t ε with α² + σ² = 1
 * (Ho et al. 2020, eq. 4). Times count from 0, the least noise, to T - 1, and may be fractions.
 */
export class NoiseSchedule {
  /** α at each whole time. `[T]` */
  readonly alphas: Float64Array;
  /** σ at each whole time. `[T]` */
  readonly sigmas: Float64Array;
  readonly #logAlphas: Float64Array;

  constructor(betas: Float64Array) {
    let sum = 0;
    this.#logAlphas = betas.map((beta) => {
      sum += 0.5 * Math.log1p(-beta);
      return sum;
    });
    this.alphas = this.#logAlphas.map(Math.exp);
    this.sigmas = this.#logAlphas.map((log) => Math.sqrt(-Math.expm1(2 * log)));
  }

  /** How many whole times there are. */
  get steps(): number {
    return this.alphas.length;
  }

  /** α and σ at a time, and λ = ln(α / σ); the logarithm of α is linear between whole times (Lu et al. 2022, D.4). */
  at(time: number): { readonly alpha: number; readonly sigma: number; readonly lambda: number } {
    const below = Math.max(0, Math.min(this.steps - 2, Math.floor(time)));
    const [first, second] = [this.#logAlphas[below], this.#logAlphas[below + 1]] as [
      number,
      number,
    ];
    const log = first + (time - below) * (second - first);
    const sigma = Math.sqrt(-Math.expm1(2 * log));
    return { alpha: Math.exp(log), sigma, lambda: log - Math.log(sigma) };
  }

  /** The last whole time at which λ is not below a bound; 0 where it is everywhere. */
  lastAbove(lambda: number): number {
    let time = this.steps - 1;
    while (time > 0 && this.at(time).lambda < lambda) time -= 1;
    return time;
  }
}

/**
 * Whole times of a schedule, evenly spread from its last to its first (Nichol and Dhariwal 2021, section 4): what a
 * sampler of fewer steps visits.
 *
 * @throws QuireError when there are more steps than times, or none.
 */
export function spacedTimes(all: number, steps: number): number[] {
  if (!Number.isInteger(steps) || steps < 1 || steps > all) {
    throw new QuireError(
      `sampling: steps must be a whole number from 1 to the schedule's ${all}, got ${steps}.`,
    );
  }
  const stride = steps === 1 ? 0 : (all - 1) / (steps - 1);
  const first = steps === 1 ? all - 1 : 0;
  return Array.from({ length: steps }, (_, i) => first + nearestEven((steps - 1 - i) * stride));
}

/** The nearest whole number; of two, the even one, as the authors' code rounds. */
function nearestEven(value: number): number {
  const nearest = Math.round(value);
  return value % 1 === 0.5 && nearest % 2 === 1 ? nearest - 1 : nearest;
}
