import { type HostTensor, QuireError } from "@quire/tensor";
import type { Metric } from "./metric.ts";

/** A metric and how much it counts: less than 0 where a lower value is better. */
export type Weighted = readonly [metric: Metric, weight: number];

/** One number from several metrics, to choose a checkpoint or to stop by: the sum of each times its weight. */
export class Mixed implements Metric {
  readonly #parts: readonly Weighted[];

  /**
   * @example
   * new Mixed([[new Accuracy(), 1], [new Mean("loss"), -0.1]]);
   * @throws QuireError when there are no metrics.
   */
  constructor(parts: readonly Weighted[]) {
    if (parts.length === 0) throw new QuireError("Mixed: give at least one metric and its weight.");
    this.#parts = parts;
  }

  add(outputs: Readonly<Record<string, HostTensor>>): void {
    for (const [metric] of this.#parts) metric.add(outputs);
  }

  value(): number {
    return this.#parts.reduce((sum, [metric, weight]) => sum + weight * metric.value(), 0);
  }
}
