// B batch, C channels

import { add, concat, instanceNorm, leakyRelu, resize, type Tensor, Variable } from "@quire/tensor";
import { Convolution } from "../convolution.ts";
import { kaimingNormal } from "../initial.ts";
import { type Layer, Module } from "../module.ts";

/** Each example's every channel normalised on its own, with a learned scale and shift. `[B, C, ...space]`, the same */
export class InstanceNorm extends Module implements Layer {
  readonly weight: Variable;
  readonly bias: Variable;

  /** @param channels Channels of its input. */
  constructor(channels: number) {
    super();
    this.weight = new Variable([channels], { initial: 1 });
    this.bias = new Variable([channels]);
  }

  /** `[B, C, ...space] -> [B, C, ...space]` */
  forward(x: Tensor): Tensor {
    return instanceNorm(x, this.weight, this.bias);
  }
}

/** What a block of two convolutions is made of. */
export interface ConvolutionBlockOptions {
  /** Channels of its input. */
  readonly in: number;
  /** Channels of its output. */
  readonly out: number;
  /** Sizes of a window, one for each axis of space. */
  readonly kernel: readonly number[];
  /** How far windows of the first convolution stand apart; 1 unless said. */
  readonly stride?: readonly number[];
  /** How the input joins the output: as it is, or by a convolution of single places. */
  readonly shortcut: "identity" | "convolution";
  /** Whether the two convolutions add a number to each channel, which the norms take away again; true unless said. */
  readonly bias?: boolean;
}

/** Convolution, norm, rectifier, convolution, norm, the input added, rectifier. `[B, in, ...] -> [B, out, ...]` */
export class ConvolutionBlock extends Module implements Layer {
  readonly first: Convolution;
  readonly firstNorm: InstanceNorm;
  readonly second: Convolution;
  readonly secondNorm: InstanceNorm;
  readonly shortcut: Convolution | undefined;

  constructor(options: ConvolutionBlockOptions) {
    super();
    const { in: channels, out, kernel, stride = kernel.map(() => 1), shortcut } = options;
    const padding = kernel.map((size) => Math.floor(size / 2));
    const initial = kaimingNormal;
    const layer = { out, kernel, initial, bias: options.bias ?? true };
    this.first = new Convolution({ in: channels, ...layer }, { padding, stride });
    this.firstNorm = new InstanceNorm(out);
    this.second = new Convolution({ in: out, ...layer }, { padding });
    this.secondNorm = new InstanceNorm(out);
    const single = kernel.map(() => 1);
    this.shortcut =
      shortcut === "identity"
        ? undefined
        : new Convolution({ in: channels, out, kernel: single, initial }, { stride });
  }

  /** `[B, in, ...space] -> [B, out, ...counts]` */
  forward(x: Tensor): Tensor {
    const once = leakyRelu(this.firstNorm.forward(this.first.forward(x)));
    const twice = this.secondNorm.forward(this.second.forward(once));
    return leakyRelu(add(twice, this.shortcut?.forward(x) ?? x));
  }
}

/** What a step up is made of. */
export interface StepUpOptions {
  /** Channels of what is below. */
  readonly in: number;
  /** Channels of its output. */
  readonly out: number;
  /** How many places become of one along each axis. */
  readonly factors: readonly number[];
}

/**
 * Every place repeated and its channels mixed; mixing comes first, which is the same and costs less.
 * `[B, in, ...space] -> [B, out, ...larger]`
 */
export class StepUp extends Module {
  readonly mix: Convolution;
  readonly factors: readonly number[];

  constructor({ in: channels, out, factors }: StepUpOptions) {
    super();
    const kernel = factors.map(() => 1);
    this.mix = new Convolution({ in: channels, out, kernel, initial: kaimingNormal });
    this.factors = factors;
  }

  /** Beside what came down there, where it is given. */
  forward(x: Tensor, beside?: Tensor): Tensor {
    const mixed = this.mix.forward(x);
    const up = this.factors.every((factor) => factor === 1)
      ? mixed
      : resize(mixed, { scales: this.factors, mode: "nearest" });
    return beside ? concat([up, beside], 1) : up;
  }
}
