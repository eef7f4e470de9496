// B rows, T new tokens, L room for tokens, H heads

import {
  cachedAttention,
  dims,
  gather,
  pad,
  reshape,
  slice,
  type Tensor,
  transpose,
  unsqueeze,
  where,
} from "@quire/tensor";
import type { Attending, Reading } from "./reading.ts";

/** The runtime's kernel takes heads whose width is a multiple of this. */
const WIDTH_STEP = 8;

/** Attention to every token read; keys and values stand at their tokens' positions. `-> [B, T, H K]` */
export function attendToAll(reading: Reading, owner: object, attending: Attending): Tensor {
  const { query, key, value, heads, groups } = attending;
  const { isFirst, lengths, room } = reading;
  const width = (key.shape[2] as number) / groups;
  const step = Math.ceil(width / WIDTH_STEP) * WIDTH_STEP;
  const shape = [groups, room, step];
  const kept = {
    keys: reading.kept(owner, "keys", shape),
    values: reading.kept(owner, "values", shape),
    lengths,
  };
  const bias = biasOf(reading, attending);
  const options = { heads, isFirst, scale: 1 / Math.sqrt(width), ...(bias && { bias }) };
  const [q, k, v] = [
    widened(query, heads, step),
    ...[key, value].map((x) => widened(x, groups, step)),
  ];
  const result = cachedAttention([q, k as Tensor, v as Tensor], kept, options);
  reading.keep(owner, "keys", result.keys);
  reading.keep(owner, "values", result.values);
  return narrowed(result.mixed, heads, width);
}

/** Heads filled up with zeros to a width. `[B, T, H K] -> [B, T, H width]` */
function widened(x: Tensor, heads: number, width: number): Tensor {
  const { B, T, D } = dims(x, "B T D");
  const missing = width - D / heads;
  if (missing === 0) return x;
  const split = reshape(x, [B, T, heads, D / heads]);
  const filled = pad(split, { before: [0, 0, 0, 0], after: [0, 0, 0, missing] });
  return reshape(filled, [B, T, heads * width]);
}

/** The first values of each head. `[B, T, H K] -> [B, T, H width]` */
function narrowed(x: Tensor, heads: number, width: number): Tensor {
  const { B, T, D } = dims(x, "B T D");
  if (D === heads * width) return x;
  const split = reshape(x, [B, T, heads, D / heads]);
  return reshape(slice(split, [0], [width], { axes: [3] }), [B, T, heads * width]);
}

/** The bias of the new tokens' positions, to be added. `-> [B, H, T, L]`, or `[1, H, T, T]` at the first tokens */
function biasOf(reading: Reading, { bias, heads }: Attending): Tensor | undefined {
  if (!bias) return undefined;
  const { isFirst, positions, room } = reading;
  const reach = isFirst ? (positions.shape[1] as number) : room;
  const own = bias.forward({ heads, queries: reach, keys: reach });
  const table = own.dtype === "bool" ? where(own, 0, Number.NEGATIVE_INFINITY) : own;
  if (isFirst) return unsqueeze(table, [0]);
  return transpose(gather(table, positions, 1), [1, 0, 2, 3]);
}
