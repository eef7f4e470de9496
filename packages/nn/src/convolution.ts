import {
  type ConvOptions,
  conv,
  type Initializer,
  type Operand,
  type Tensor,
  Variable,
} from "@quire/tensor";
import { lecunUniform, uniform } from "./initial.ts";
import { Module } from "./module.ts";

/** What a convolution is made of. */
export interface ConvolutionOptions {
  /** Channels of its input. */
  readonly in: number;
  /** Channels of its output. */
  readonly out: number;
  /** Sizes of a window, one for each of 1 to 3 axes of space. */
  readonly kernel: readonly number[];
  /** Whether a number is added to each channel; true unless said. */
  readonly bias?: boolean;
  /** How the weight is filled; PyTorch's way unless said, where the bias is drawn too. */
  readonly initial?: Initializer;
  /** How the bias is filled; with zeros unless said, where `initial` is. */
  readonly initialBias?: Initializer;
}

/** Weighted sums over windows, with a weight `[out, in / groups, ...kernel]`. `[B, in, ...space] -> [B, out, ...counts]` */
export class Convolution extends Module {
  readonly weight: Variable;
  readonly bias: Variable | undefined;
  readonly windows: ConvOptions;

  /** @param windows Stride, padding, dilation and groups. */
  constructor(options: ConvolutionOptions, windows: ConvOptions = {}) {
    super();
    const { in: channels, out, kernel, bias = true, initial } = options;
    const shape = [out, channels / (windows.groups ?? 1), ...kernel];
    this.weight = new Variable(shape, { initial: initial ?? lecunUniform });
    const connected = shape.slice(1).reduce((product, size) => product * size, 1);
    const usual = initial ? 0 : uniform(1 / Math.sqrt(connected));
    this.bias = bias ? new Variable([out], { initial: options.initialBias ?? usual }) : undefined;
    this.windows = windows;
  }

  /** `[B, in, ...space] -> [B, out, ...counts]` */
  forward(x: Operand): Tensor {
    return conv(x, this.weight, this.bias, this.windows);
  }
}
