import {
  compile,
  type HostTensor,
  hostTensor,
  QuireError,
  reshape,
  resize,
  type Tensor,
  transpose,
} from "@quire/tensor";
import type { OfficialName } from "../official-weights.ts";
import type { CompactTransformer } from "./model.ts";

/// Names of the official code (SHI-Labs/Compact-Transformers, src/), which builds ViT-Lite, CVT and CCT of one
/// classifier and so gives all three the same names.
const parts: readonly (readonly [ours: RegExp, official: string])[] = [
  [/^tokenizer\.layers\.(\d+)\./, "tokenizer.conv_layers.$1.0."],
  [/^tokenizer\.projection\./, "tokenizer.conv_layers.0.0."],
  [/^classToken$/, "classifier.class_emb"],
  [/^positions\.weight$/, "classifier.positional_emb"],
  [/^pooling\.importance\./, "classifier.attention_pool."],
  [/^norm\./, "classifier.norm."],
  [/^head\./, "classifier.fc."],
  [/^blocks\.(\d+)\.attentionNorm\./, "classifier.blocks.$1.pre_norm."],
  [/^blocks\.(\d+)\.streamNorm\./, "classifier.blocks.$1.norm1."],
  [/^blocks\.(\d+)\.attention\.queryKeyValue\./, "classifier.blocks.$1.self_attn.qkv."],
  [/^blocks\.(\d+)\.attention\.output\./, "classifier.blocks.$1.self_attn.proj."],
  [/^blocks\.(\d+)\.feedForward\.expand\./, "classifier.blocks.$1.linear1."],
  [/^blocks\.(\d+)\.feedForward\.contract\./, "classifier.blocks.$1.linear2."],
];

/** The table of sine positions, which official checkpoints hold and we compute. */
export const computedNames: readonly string[] = ["classifier.positional_emb"];

/** The official name of each of a model's tensors. */
export function officialNames(model: CompactTransformer): OfficialName[] {
  return model.namedState().map(([ours, { shape }]) => {
    const part = parts.find(([pattern]) => pattern.test(ours));
    if (!part) throw new Error(`${ours} has no official name.`);
    const official = ours.replace(...part);
    const isTable = official === "classifier.positional_emb";
    return { official, ours, shape, officialShape: isTable ? [1, ...shape] : shape };
  });
}

/**
 * Learned positions for another image size: the grid is resized linearly, as the official code does, and the
 * rows before it (a class token's) stay. `[1, extra + n², D] -> [1, extra + m², D]`
 *
 * @param places `extra` rows stand before the grid; `side` is m.
 * @throws QuireError when the rows after the extra ones form no square.
 */
export async function resizePositions(
  table: HostTensor,
  { extra, side }: { readonly extra: number; readonly side: number },
): Promise<HostTensor> {
  const [, length = 0, width = 0] = table.shape;
  const before = Math.round(Math.sqrt(length - extra));
  if (before * before !== length - extra) {
    throw new QuireError(`${length - extra} positions form no square grid.`);
  }
  const data = table.data as Float32Array;
  const resized = compile((grid: Tensor) => {
    const planes = reshape(transpose(grid), [1, width, before, before]);
    const moved = resize(planes, { size: [side, side], mode: "linear" });
    return transpose(reshape(moved, [width, side * side]));
  });
  const grid = await resized(hostTensor(data.slice(extra * width), [before * before, width]));
  await resized.release();
  const rows = new Float32Array((extra + side * side) * width);
  rows.set(data.subarray(0, extra * width));
  rows.set(grid.data as Float32Array, extra * width);
  return hostTensor(rows, [1, extra + side * side, width]);
}
