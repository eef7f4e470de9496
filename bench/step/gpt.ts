/** Quire's training step: the GPT as a user would write it. */
import { Transformer } from "@quire/nn";
import { compile, hostTensor, type Tensor } from "@quire/tensor";
import { adam, crossEntropy } from "@quire/train";
import type { Step, Weight } from "./peer.ts";
import type { Size } from "./size.ts";

/** Makes the step from the size and the common initial weights. */
export async function gptStep(size: Size, weights: readonly Weight[]): Promise<Step> {
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
  return async ({ ids, labels }) => {
    const shape = [batch, length];
    const { loss } = await train(hostTensor(ids, shape), hostTensor(labels, shape));
    return loss.item();
  };
}
