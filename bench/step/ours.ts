/** Quire's own entry: the GPT in Node, one ONNX Runtime call a step. */
import type { InferenceSession as Session } from "onnxruntime-node";
import { gptStep } from "./gpt.ts";
import type { Batch, Trainer, Weight } from "./peer.ts";
import { serve } from "./peer.ts";
import { InferenceSession } from "./runtime.ts";
import type { Size } from "./size.ts";

/** Times every `session.run` of this process, and gives the milliseconds of the last. */
function watchRuntime(): () => number {
  let last = 0;
  const { prototype } = InferenceSession as unknown as { prototype: Session };
  const run = prototype.run as (...given: unknown[]) => ReturnType<Session["run"]>;
  prototype.run = async function timed(this: Session, ...given: unknown[]) {
    const start = performance.now();
    const results = await run.apply(this, given);
    last = performance.now() - start;
    return results;
  };
  return () => last;
}

async function start(size: Size, weights: readonly Weight[]): Promise<Trainer> {
  const train = await gptStep(size, weights);
  const inRuntime = watchRuntime();
  let outside = 0;
  const step = async (batch: Batch) => {
    const start = performance.now();
    const loss = await train(batch);
    outside = performance.now() - start - inRuntime();
    return loss;
  };
  return { step, outside: () => outside };
}

await serve("Quire on ONNX Runtime, processor", start);
