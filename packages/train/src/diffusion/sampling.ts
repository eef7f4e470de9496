import { QuireError, Random } from "@quire/tensor";
import { ddimSteps } from "./ddim.ts";
import { ddpmSteps } from "./ddpm.ts";
import type { Diffusion } from "./diffusion.ts";
import { dpmSolverSteps } from "./dpm-solver.ts";
import { normalDraws } from "./draws.ts";

/** What a network says of noised values at a time. */
export interface Denoised {
  /** Noise, start or velocity, as the diffusion has it. */
  readonly said: Float64Array | Float32Array;
  /** Where variances are learned: -1 for the smallest, 1 for β. */
  readonly share?: Float64Array | Float32Array;
}

/** Asks a network about noised values, all of one time, which may be a fraction. */
export type Denoise = (noised: Float64Array, time: number) => Promise<Denoised> | Denoised;

/** A way from noise to values. */
export type Sampler =
  /** Draws noise again at every step (Ho et al. 2020, algorithm 2). */
  | { readonly kind: "ddpm" }
  /** Without draws for an eta of 0, which is what is taken unless said (Song et al. 2021, eq. 12). */
  | { readonly kind: "ddim"; readonly eta?: number }
  /**
   * A multistep solver (Lu et al. 2022, appendix B of DPM-Solver++) of an order, 2 unless said; it foretells the start, as
   * DPM-Solver++ does, unless said.
   */
  | { readonly kind: "dpm"; readonly order?: 1 | 2 | 3; readonly foretells?: "start" | "noise" };

/** How values are drawn. */
export interface SamplingOptions {
  /** How many values are drawn. */
  readonly size: number;
  readonly steps: number;
  /** DPM-Solver++ of order 2 unless said. */
  readonly sampler?: Sampler;
  readonly seed?: number;
  /** What the start is cut to at each step, such as 1 for pixels from -1 to 1; it is not unless said. */
  readonly limit?: number;
  /** The noise it begins with; drawn from the seed unless given. */
  readonly noise?: Float64Array;
}

/** Where a sampling stands after a step. */
export interface SamplingStep {
  /** From 1. */
  readonly step: number;
  readonly steps: number;
  /** What the values are now. */
  readonly values: Float64Array;
  /** The start as the network saw it at this step. */
  readonly start: Float64Array;
}

/** What every sampler is given. */
export interface Walk {
  readonly diffusion: Diffusion;
  readonly denoise: Denoise;
  readonly steps: number;
  readonly limit: number;
  readonly noise: Float64Array;
  readonly random: Random;
}

/**
 * Draws values by the way back from noise, step by step; the last step has them. The same seed draws the same.
 *
 * @throws QuireError when the number of steps does not fit the sampler.
 */
export async function* sampling(
  diffusion: Diffusion,
  denoise: Denoise,
  options: SamplingOptions,
): AsyncGenerator<SamplingStep, void, undefined> {
  const { size, steps, sampler = { kind: "dpm" }, seed = 0, limit } = options;
  const random = new Random(seed).fork("sampling");
  const noise = options.noise ?? normalDraws(random.fork("start"), size);
  if (noise.length !== size) {
    throw new QuireError(`sampling: ${size} values begin with as many draws, got ${noise.length}.`);
  }
  const bound = limit ?? Number.POSITIVE_INFINITY;
  const walk: Walk = {
    diffusion,
    denoise,
    steps,
    noise,
    random: random.fork("steps"),
    limit: bound,
  };
  if (sampler.kind === "ddpm") yield* ddpmSteps(walk);
  else if (sampler.kind === "ddim") yield* ddimSteps(walk, sampler.eta ?? 0);
  else yield* dpmSolverSteps(walk, sampler.order ?? 2, sampler.foretells ?? "start");
}

/**
 * Draws values by the way back from noise.
 *
 * @throws QuireError when the number of steps does not fit the sampler.
 */
export async function sample(
  diffusion: Diffusion,
  denoise: Denoise,
  options: SamplingOptions,
): Promise<Float64Array> {
  let values = new Float64Array();
  for await (const step of sampling(diffusion, denoise, options)) values = step.values.slice();
  return values;
}
