// B batch; the other axes are the values' own

import { add, mul, QuireError, split, sub, type Tensor } from "@quire/tensor";
import { meanSquaredError } from "../loss/regression.ts";
import { variationalBound } from "./learned-variance.ts";
import { type BetaSchedule, betasOf, NoiseSchedule } from "./noise-schedule.ts";
import type { Prediction } from "./prediction.ts";
import { tableAt } from "./table-at.ts";

/** What a diffusion is made of. */
export interface DiffusionOptions {
  /** T, how many times there are; 1000 unless said. */
  readonly steps?: number;
  /** `"linear"` unless said. */
  readonly betas?: BetaSchedule;
  /** What the network foretells; `"noise"` unless said. */
  readonly prediction?: Prediction;
  /** The variance of a backward step: that of the posterior, β, or learned between both; `"small"` unless said. */
  readonly variance?: "small" | "large" | "learned";
}

/** Values, the noise they get, and when. */
export interface NoisedValues {
  /** `[B, C, ...]` */
  readonly start: Tensor;
  /** Normal draws, of the same shape. */
  readonly noise: Tensor;
  /** Whole times from 0 to T - 1, int32 `[B]`. */
  readonly times: Tensor;
}

/**
 * Denoising diffusion (Ho et al. 2020): values become noise over T times, and a network learns the way back. The
 * traced part makes noised values and losses; samplers take the same object.
 *
 * @example
 * const diffusion = new Diffusion({ variance: "learned" });
 * const loss = diffusion.loss(model.forward(diffusion.noised(values), times), values);
 */
export class Diffusion {
  readonly betas: Float64Array;
  readonly schedule: NoiseSchedule;
  readonly prediction: Prediction;
  readonly variance: "small" | "large" | "learned";

  constructor(options: DiffusionOptions = {}) {
    const { steps = 1000, betas = "linear", prediction = "noise", variance = "small" } = options;
    this.betas = betasOf(betas, steps);
    this.schedule = new NoiseSchedule(this.betas);
    this.prediction = prediction;
    this.variance = variance;
  }

  /** How many times there are. */
  get steps(): number {
    return this.schedule.steps;
  }

  /** Values with their noise: α x_0 + σ ε (Ho et al. 2020, eq. 4). `-> [B, C, ...]` */
  noised({ start, noise, times }: NoisedValues): Tensor {
    return add(mul(this.#alpha(times, start), start), mul(this.#sigma(times, start), noise));
  }

  /** What the network should foretell. `-> [B, C, ...]` */
  target({ start, noise, times }: NoisedValues): Tensor {
    if (this.prediction === "start") return start;
    if (this.prediction === "noise") return noise;
    return sub(mul(this.#alpha(times, start), noise), mul(this.#sigma(times, start), start));
  }

  /**
   * The mean squared error of what the network foretells (Ho et al. 2020, eq. 14); where it foretells variances too,
   * in as many further channels, plus the variational bound of these alone, in bits a value (Nichol and Dhariwal
   * 2021, eq. 16, λ = 0.001 of T terms). `[B, C or 2 C, ...] -> []`
   */
  loss(output: Tensor, values: NoisedValues): Tensor {
    const { said, share } = this.parts(output);
    const error = meanSquaredError(said, this.target(values));
    return share ? add(error, variationalBound(this, { said, share }, values)) : error;
  }

  /**
   * What a network says of the values, and of the variances where these are learned. `[B, 2 C, ...] -> [B, C, ...]`
   *
   * @throws QuireError when the channels cannot be halved.
   */
  parts(output: Tensor): { readonly said: Tensor; readonly share?: Tensor } {
    if (this.variance !== "learned") return { said: output };
    const channels = output.shape[1] as number;
    if (channels % 2 === 1) {
      throw new QuireError(
        `Diffusion: learned variances need an even number of channels, got ${channels}.`,
      );
    }
    const [said, share] = split(output, [channels / 2, channels / 2], 1) as [Tensor, Tensor];
    return { said, share };
  }

  /** The start that a prediction means, traced. `-> [B, C, ...]` */
  startOf(said: Tensor, noised: Tensor, times: Tensor): Tensor {
    const [alpha, sigma] = [this.#alpha(times, said), this.#sigma(times, said)];
    if (this.prediction === "start") return said;
    if (this.prediction === "velocity") return sub(mul(alpha, noised), mul(sigma, said));
    const inverse = tableAt(
      this.schedule.alphas.map((value) => 1 / value),
      times,
      said,
    );
    return mul(sub(noised, mul(sigma, said)), inverse);
  }

  #alpha(times: Tensor, like: Tensor): Tensor {
    return tableAt(this.schedule.alphas, times, like);
  }

  #sigma(times: Tensor, like: Tensor): Tensor {
    return tableAt(this.schedule.sigmas, times, like);
  }
}
