import type { HostTensor } from "@quire/tensor";
import type { Contestant } from "./comparison.ts";
import type { Curve } from "./paper.ts";

/** What one seed found. */
export interface Measured {
  readonly metrics: Readonly<Record<string, number>>;
  /** How it went, where there is something to see. */
  readonly points?: Curve["points"];
}

/** Something that is measured with each seed and leaves nothing, as a contestant of `compare`. */
export function measurement(
  name: string,
  measure: (seed: number) => Promise<Measured>,
  parameters = 0,
): Contestant<undefined> {
  const run = async (seed: number) => {
    const started = performance.now();
    const { metrics, points = [] } = await measure(seed);
    const seconds = (performance.now() - started) / 1000;
    return { parameters, metrics, seconds, curve: { seed, points }, kept: undefined };
  };
  return { name, run };
}

/** Differences are shown in millionths of the largest value. */
export const MILLION = 1e6;

/** The largest difference of two tensors over the largest value of the one that is right. */
export function relativeDifference(got: HostTensor, wanted: HostTensor): number {
  const values = got.toArray();
  let [largest, furthest] = [0, 0];
  for (const [i, value] of wanted.toArray().entries()) {
    largest = Math.max(largest, Math.abs(value));
    furthest = Math.max(furthest, Math.abs(value - (values[i] as number)));
  }
  return furthest / largest;
}
