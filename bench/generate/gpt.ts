/** The model that is measured: as large as GPT-2 small, filled with cheap numbers from a counter. */
import { Transformer } from "@quire/nn";
import { HostTensor, sizeOf } from "@quire/tensor";

/** Sizes of the model, and of what it reads and writes. */
export const size = {
  vocabulary: 50_257,
  width: 768,
  depth: 12,
  heads: 12,
  length: 1024,
  prompt: 128,
  tokens: 128,
};

/** The model with its weights. */
export async function gpt(): Promise<Transformer> {
  const { vocabulary, width, depth, heads, length } = size;
  const model = new Transformer({ vocabulary, width, depth, heads, length });
  let state = 1;
  for (const [path, variable] of model.namedParameters()) {
    const data = new Float32Array(sizeOf(variable.shape));
    if (path.endsWith("orm.weight")) data.fill(1);
    else if (!path.endsWith(".bias")) {
      for (let i = 0; i < data.length; i++) {
        state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
        data[i] = (0.07 * state) / 2 ** 32;
      }
    }
    await variable.set(new HostTensor("float32", variable.shape, data));
  }
  return model;
}

/** The prompt: tokens from all over the vocabulary. */
export const prompt = Array.from({ length: size.prompt }, (_, i) => (i * 7919) % size.vocabulary);
