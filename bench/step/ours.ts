/** Quire's own entry: the GPT as a user would write it, one ONNX Runtime call a step. */
import { Transformer } from "@quire/nn";
import { compile, hostTensor, type Tensor } from "@quire/tensor";
import { adam, crossEntropy } from "@quire/train";
import { InferenceSession } from "onnxruntime-node";
import type { Batch, Trainer, Weight } from "./peer.ts";
import { serve } from "./peer.ts";
import type { Size } from "./size.ts";

/** Times every `session.run` of this process, and gives the milliseconds of the last. */
function watchRuntime(): () => number {
  let last = 0;
  const { prototype } = InferenceSession as unknown as { prototype: InferenceSession };
  const run = prototype.run as (...given: unknown[]) => ReturnType<InferenceSession["run"]>;
  prototype.run = async function timed(this: InferenceSession, ...given: unknown[]) {
    const start = performance.now();
    const results = await run.apply(this, given);
    last = performance.now() - start;
    return results;
  };
  return () => last;
}

async function start(size: Size, weights: readonly Weight[]): Promise<Trainer> {
  const { width, heads, length, batch, vocabulary } = size;
  const model = new Transformer({ width, heads, length, vocabulary, depth: size.layers });
  const state = new Map(model.namedState());
  for (const { path, shape, values } of weights) {
    await state.get(path)!.set(hostTensor(values, [...shape]));
  }
  const optimizer = adam(model.parameters(), { learningRate: 3e-4 });
  const train = compile((ids: Tensor, labels: Tensor) => {
    const loss = crossEntropy(model.forward(ids), labels);
    optimizer.minimize(loss);
    return { loss };
  });
  const inRuntime = watchRuntime();
  let outside = 0;
  const step = async ({ ids, labels }: Batch) => {
    const start = performance.now();
    const shape = [batch, length];
    const { loss } = await train(hostTensor(ids, shape), hostTensor(labels, shape));
    outside = performance.now() - start - inRuntime();
    return loss.item();
  };
  return { step, outside: () => outside };
}

await serve("Quire on ONNX Runtime, processor", start);
