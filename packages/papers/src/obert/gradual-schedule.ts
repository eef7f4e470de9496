import { add, div, floor, less, minimum, mul, sub, type Tensor, where } from "@quire/tensor";
import type { Schedule } from "@quire/train";

/** When and how far weights are pruned during a training, in updates. */
export interface GradualSchedule {
  /** Updates in all. */
  readonly updates: number;
  /** Pruning steps: after how many updates, and which share of the weights is 0 then. */
  readonly steps: readonly { readonly after: number; readonly sparsity: number }[];
  /** The learning rate falls evenly before the first step, and again after each. */
  readonly learningRate: Schedule;
}

/** What a gradual schedule is made of; times are shares of the training. */
export interface GradualOptions {
  readonly updates: number;
  /** The share of the weights that is 0 at the end. */
  readonly sparsity: number;
  /** Sparsity of the first step, or the final one where that is less. */
  readonly first: number;
  /** When the first and the last step come. */
  readonly start: number;
  readonly end: number;
  /** The time between two steps. */
  readonly every: number;
  /** The rate that each cycle starts from, and the one it ends at. */
  readonly learningRate: number;
  readonly lowest: number;
}

/// Appendix A.2 and the official recipes (30epochs_*.yaml): of 30 epochs the first 2 are dense, steps come every 4
/// epochs from epoch 2 to 26, the first one prunes to 70 %; rates fall to a tenth and are rewound with each step.
/** The published times, as shares of the training. */
export const publishedTimes = { first: 0.7, start: 2 / 30, end: 26 / 30, every: 4 / 30 } as const;

/// Zhu and Gupta 2017: s = s_f + (s_i - s_f)(1 - x)³.
/** Plans the steps and the rates of gradual pruning. */
export function gradualSchedule(options: GradualOptions): GradualSchedule {
  const { updates, sparsity, start, end, every, learningRate, lowest } = options;
  const first = Math.min(options.first, sparsity);
  const count = Math.max(1, Math.round((end - start) / every));
  const steps = Array.from({ length: count + 1 }, (_, i) => ({
    after: Math.round(updates * (start + (i * (end - start)) / count)),
    sparsity: sparsity + (first - sparsity) * (1 - i / count) ** 3,
  }));
  const dense = Math.max(1, Math.round(updates * start));
  const cycle = Math.max(1, (updates * (end - start)) / count);
  return { updates, steps, learningRate: rewound(learningRate, lowest, dense, cycle) };
}

/** A rate that falls evenly for a time, and then again and again in cycles. */
function rewound(from: number, to: number, dense: number, cycle: number): Schedule {
  return (step: Tensor) => {
    const cycles = div(sub(step, dense), cycle);
    const share = where(
      less(step, dense),
      minimum(div(step, dense), 1),
      sub(cycles, floor(cycles)),
    );
    return add(mul(share, to - from), from);
  };
}
