import { dropout, full, mul, type Tensor } from "@quire/tensor";
import { inference, type Mode, Module } from "./module.ts";

/**
 * Drops a residual branch at random in training, each sample on its own, and scales the others up (Huang et al.
 * 2016, section 3). `[B, ...] -> [B, ...]`
 */
export class StochasticDepth extends Module {
  readonly rate: number;

  /** @param rate Share of the samples that skip the branch, from 0 to below 1. */
  constructor(rate: number) {
    super();
    this.rate = rate;
  }

  /** `[B, ...] -> [B, ...]` */
  forward(x: Tensor, { training, random }: Mode = inference): Tensor {
    if (!training || !random || this.rate === 0) return x;
    const samples = x.shape.map((size, axis) => (axis === 0 ? size : 1));
    return mul(x, dropout(full(samples, 1, x.dtype), this.rate, random.next()));
  }
}

/** Rates of a stack's blocks that grow evenly from 0 to `last` (Huang et al. 2016, section 4). */
export function linearRates(depth: number, last: number): number[] {
  return Array.from({ length: depth }, (_, i) => (depth === 1 ? last : (last * i) / (depth - 1)));
}
