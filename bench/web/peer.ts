/** The peers' protocol in a page: what they serve over standard input in Node, the runner calls here. */
import type { Start, Step } from "../step/peer.ts";
import { sizes } from "../step/size.ts";
import { batchesOf, valuesOf, weightsOf } from "../step/values.ts";

/** Offers a peer's training step of the smallest size to the runner. */
export function serve(about: string, start: Start): Promise<void> {
  let step: (() => ReturnType<Step>) | undefined;
  const begin = async (warmup: number) => {
    const size = sizes[0]!;
    const values = valuesOf(size);
    const batches = batchesOf(size, values.tokens);
    const trainer = await start(size, weightsOf(values.parameters, values.weights));
    let done = 0;
    step = () => trainer.step(batches[done++ % batches.length]!);
    const losses: number[] = [];
    for (let index = 0; index < warmup; index++) losses.push(await step());
    return { about, losses };
  };
  const round = async (steps: number) => {
    await step!();
    const milliseconds: number[] = [];
    for (let index = 0; index < steps; index++) {
      const started = performance.now();
      await step!();
      milliseconds.push(performance.now() - started);
    }
    return milliseconds;
  };
  Object.assign(globalThis, { suite: { begin, round } });
  return Promise.resolve();
}
