/** Writes the model to a folder, in the files and with the names that transformers.js expects. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Attention, Transformer } from "@quire/nn";
import {
  add,
  concat,
  exportOnnx,
  gather,
  reshape,
  scaledDotProductAttention,
  type Tensor,
  transpose,
} from "@quire/tensor";
import { saveOnnx } from "@quire/tensor/node";
import { gpt, size } from "./gpt.ts";

const { depth, heads, width } = size;

/** `[B, T, D] -> [B, H, T, K]` */
function toHeads(x: Tensor): Tensor {
  const [batch, length] = x.shape as [number, number, number];
  return transpose(reshape(x, [batch, length, heads, width / heads]), [0, 2, 1, 3]);
}

/** Attention to keys and values that were given and those of new tokens; gives all of them. */
function attend(attention: Attention, x: Tensor, past: readonly [Tensor, Tensor]) {
  const [query, key, value] = [attention.query, attention.key, attention.value].map((layer) =>
    toHeads(layer!.forward(x)),
  ) as [Tensor, Tensor, Tensor];
  const [keys, values] = [concat([past[0], key], 2), concat([past[1], value], 2)];
  const mixed = scaledDotProductAttention(query, keys, values, { causal: true });
  const joined = reshape(transpose(mixed, [0, 2, 1, 3]), x.shape);
  return { y: attention.output.forward(joined), keys, values };
}

function decode(model: Transformer, ids: Tensor, places: Tensor, past: readonly Tensor[]) {
  let x = add(model.tokens.forward(ids), gather(model.positions.weight, places));
  const present: Tensor[] = [];
  for (const [i, block] of model.blocks.entries()) {
    const kept = past.slice(2 * i, 2 * i + 2) as [Tensor, Tensor];
    const { y, keys, values } = attend(block.attention, block.attentionNorm.forward(x), kept);
    x = add(x, y);
    x = add(x, block.feedForward.forward(block.feedForwardNorm.forward(x)));
    present.push(keys, values);
  }
  return [model.head.forward(model.norm.forward(x)), ...present];
}

const folder = process.argv[2]!;
const model = await gpt();
const sides = Array.from({ length: depth }, (_, i) => [`${i}.key`, `${i}.value`]).flat();
const kept = { shape: ["batch", heads, "past", width / heads] };
const exported = await exportOnnx(
  (ids, _, places, ...past) => decode(model, ids as Tensor, places as Tensor, past),
  {
    inputs: {
      input_ids: { shape: ["batch", "length"], dtype: "int64" },
      attention_mask: { shape: ["batch", "total"], dtype: "int64" },
      position_ids: { shape: ["batch", "length"], dtype: "int64" },
      ...Object.fromEntries(sides.map((side) => [`past_key_values.${side}`, kept])),
    },
    outputs: ["logits", ...sides.map((side) => `present.${side}`)],
  },
);
await mkdir(join(folder, "onnx"), { recursive: true });
await saveOnnx(join(folder, "onnx/model.onnx"), exported);
const config = {
  model_type: "gpt2",
  architectures: ["GPT2LMHeadModel"],
  vocab_size: size.vocabulary,
  n_positions: size.length,
  n_embd: width,
  n_layer: depth,
  n_head: heads,
  "transformers.js_config": { dtype: "fp32" },
};
await writeFile(join(folder, "config.json"), JSON.stringify(config));
