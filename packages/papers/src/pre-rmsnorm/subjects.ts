import { type HostTensor, hostTensor, Random } from "@quire/tensor";
import { type PreNormOptions, type PreNormTarget, sidesOf } from "./model.ts";

/** A model that is looked at, and how its inputs are drawn. */
export interface Shape {
  readonly name: string;
  readonly options: PreNormOptions;
  readonly target: PreNormTarget;
}

const size = { width: 128, depth: 4, heads: 4 };
const text = { vocabulary: 500, length: 48 };

/** Models of the three shapes. */
export const shapes: readonly Shape[] = [
  {
    name: "like ViT",
    options: { shape: "vit", ...size },
    target: { size: 32, channels: 3, patch: 8, classes: 10 },
  },
  { name: "like GPT", options: { shape: "gpt", ...size }, target: text },
  { name: "like BERT", options: { shape: "bert", ...size }, target: text },
];

/** Random images or tokens. */
export function drawn(target: PreNormTarget, seed: number, batch: number): HostTensor {
  const random = new Random(seed);
  if ("vocabulary" in target) {
    const { vocabulary, length } = target;
    const ids = Int32Array.from({ length: batch * length }, () => random.integer(vocabulary));
    return hostTensor(ids, [batch, length], "int32");
  }
  const { channels, size } = target;
  const [rows, columns] = sidesOf(size);
  const count = batch * channels * rows * columns;
  const values = Float32Array.from({ length: count }, () => random.normal());
  return hostTensor(values, [batch, channels, rows, columns], "float32");
}
