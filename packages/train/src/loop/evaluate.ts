import { compile, type HostTensor, type Tensor } from "@quire/tensor";
import type { Metric } from "../metric/metric.ts";
import type { Batches, BatchOf, Traced } from "./traced.ts";

/** Measures over batches. */
export interface Evaluator<B> {
  (batches: Batches<B>): Promise<Record<string, number>>;
  /** Gives back the memory of the compiled function. */
  release(): Promise<void>;
}

/**
 * Compiles what metrics look at, in inference, and gives a function that measures batches.
 *
 * @param outputs Traced outputs of a batch by name, `{ logits, labels }` for one.
 * @param metrics Makes new metrics by name for every evaluation.
 */
export function evaluator<B extends BatchOf<B>>(
  outputs: (batch: Traced<B>) => Readonly<Record<string, Tensor>>,
  metrics: () => Readonly<Record<string, Metric>>,
): Evaluator<B> {
  const compiled = compile(outputs, { name: "evaluation" });
  const call = compiled as unknown as (batch: B) => Promise<Record<string, HostTensor>>;
  const evaluate = async (batches: Batches<B>): Promise<Record<string, number>> => {
    const gathered = Object.entries(metrics());
    for await (const batch of batches) {
      const values = await call(batch);
      for (const [, metric] of gathered) metric.add(values);
    }
    return Object.fromEntries(gathered.map(([name, metric]) => [name, metric.value()]));
  };
  return Object.assign(evaluate, { release: () => compiled.release() });
}
