import {
  add,
  batchNorm,
  batchNormInference,
  mul,
  sizeOf,
  stopGradient,
  type Tensor,
  Variable,
} from "@quire/tensor";
import { inference, type Mode, Module } from "./module.ts";

/** What a batch normalisation is made of. */
export interface BatchNormOptions {
  /** Channels of its input. */
  readonly channels: number;
  /** Added to the variance; 1e-5 unless said. */
  readonly epsilon?: number;
  /** Share that a batch has in the running statistics; 0.1 unless said. */
  readonly momentum?: number;
}

/**
 * Channels centred and divided by their deviation over the batch in training, and over what training has seen in
 * inference, with a learned scale and shift (Ioffe and Szegedy 2015, algorithms 1 and 2).
 * `[B, C, ...space] -> [B, C, ...space]`
 */
export class BatchNorm extends Module {
  readonly weight: Variable;
  readonly bias: Variable;
  readonly runningMean: Variable;
  readonly runningVariance: Variable;
  readonly epsilon: number;
  readonly momentum: number;

  constructor({ channels, epsilon = 1e-5, momentum = 0.1 }: BatchNormOptions) {
    super();
    this.weight = new Variable([channels], { initial: 1 });
    this.bias = new Variable([channels]);
    this.runningMean = new Variable([channels], { trainable: false });
    this.runningVariance = new Variable([channels], { trainable: false, initial: 1 });
    this.epsilon = epsilon;
    this.momentum = momentum;
  }

  /** `[B, C, ...space] -> [B, C, ...space]` */
  forward(x: Tensor, { training }: Mode = inference): Tensor {
    const { weight, bias, runningMean, runningVariance, epsilon } = this;
    if (!training) {
      return batchNormInference(x, [weight, bias, runningMean, runningVariance], { epsilon });
    }
    const [y, mean, variance] = batchNorm(x, weight, bias, { epsilon });
    const count = sizeOf(x.shape) / (x.shape[1] as number);
    this.#follow(runningMean, mean, 1);
    // Running variances are those of the population, as in PyTorch.
    this.#follow(runningVariance, variance, count / Math.max(1, count - 1));
    return y;
  }

  #follow(running: Variable, value: Tensor, scale: number): void {
    const kept = mul(running, 1 - this.momentum);
    running.assign(add(kept, mul(stopGradient(value), this.momentum * scale)));
  }
}
