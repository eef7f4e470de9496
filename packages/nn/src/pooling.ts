import {
  type AveragePoolOptions,
  adaptiveAveragePool,
  averagePool,
  maxPool,
  type Operand,
  type PerAxis,
  type PoolOptions,
  type Tensor,
} from "@quire/tensor";
import { Module } from "./module.ts";

/** The largest value of every window. `[B, C, ...space] -> [B, C, ...counts]` */
export class MaxPool extends Module {
  readonly windows: PoolOptions;

  constructor(windows: PoolOptions) {
    super();
    this.windows = windows;
  }

  /** `[B, C, ...space] -> [B, C, ...counts]` */
  forward(x: Operand): Tensor {
    return maxPool(x, this.windows);
  }
}

/** The mean of every window. `[B, C, ...space] -> [B, C, ...counts]` */
export class AveragePool extends Module {
  readonly windows: AveragePoolOptions;

  constructor(windows: AveragePoolOptions) {
    super();
    this.windows = windows;
  }

  /** `[B, C, ...space] -> [B, C, ...counts]` */
  forward(x: Operand): Tensor {
    return averagePool(x, this.windows);
  }
}

/** Means over as many windows as the result is to have places. `[B, C, ...space] -> [B, C, ...size]` */
export class AdaptiveAveragePool extends Module {
  readonly size: PerAxis;

  /** @param size Places of the result, by axis of space. */
  constructor(size: PerAxis) {
    super();
    this.size = size;
  }

  /** `[B, C, ...space] -> [B, C, ...size]` */
  forward(x: Operand): Tensor {
    return adaptiveAveragePool(x, this.size);
  }
}
