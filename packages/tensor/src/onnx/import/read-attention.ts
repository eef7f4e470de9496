import type { Tensor } from "../../graph/node.ts";
import {
  add,
  arange,
  cast,
  concat,
  div,
  expand,
  full,
  gather,
  layerNorm,
  less,
  lessEqual,
  logicalAnd,
  matmul,
  mul,
  reshape,
  scaledDotProductAttention,
  slice,
  softmax,
  split,
  stack,
  sum,
  tanh,
  transpose,
  where,
} from "../../ops/index.ts";
import type { OnnxNode, Read, ReaderTable } from "./onnx-node.ts";

type Sizes = readonly [number, number, number, number];

/** `[B, T, H * K] -> [B, H, T, K]` */
function heads(x: Tensor, count: number): Tensor {
  const [batch, length, width] = x.shape as [number, number, number];
  return transpose(reshape(x, [batch, length, count, width / count]), [0, 2, 1, 3]);
}

/** `[B, H, T, K] -> [B, T, H * K]` */
function joined(x: Tensor): Tensor {
  const [batch, count, length, width] = x.shape as unknown as Sizes;
  return reshape(transpose(x, [0, 2, 1, 3]), [batch, length, count * width]);
}

/** What weighs in besides queries and keys. */
interface Weighing {
  readonly scale: number;
  /** How many keys stand before the first query's own; without it every key is seen. */
  readonly seenBefore?: number | undefined;
  /** True where attending is allowed. */
  readonly mask?: Tensor | undefined;
  /** Added to the scaled products. */
  readonly bias?: Tensor | undefined;
  /** Products are held between minus and plus this number by a tanh. */
  readonly softcap?: number;
}

/** Which keys each query may see, if not all. `bool [T, S]` or broadcast with the mask */
function allowed(q: Tensor, k: Tensor, { seenBefore, mask }: Weighing): Tensor | undefined {
  if (seenBefore === undefined) return mask;
  const [rows, columns] = [q.shape[2] as number, k.shape[2] as number];
  const own = add(reshape(arange(rows), [rows, 1]), seenBefore);
  const causal = lessEqual(reshape(arange(columns), [1, columns]), own);
  return mask ? logicalAnd(mask, causal) : causal;
}

/** softmax(scale q kᵀ + bias) v for heads. */
function attended([q, k, v]: readonly [Tensor, Tensor, Tensor], weighing: Weighing): Tensor {
  const { scale, bias, softcap = 0 } = weighing;
  const [rows, columns] = [q.shape[2] as number, k.shape[2] as number];
  const isPlain = weighing.seenBefore === columns - rows && !weighing.mask && softcap === 0;
  if (isPlain) {
    return scaledDotProductAttention(q, k, v, { scale, causal: true, ...(bias && { bias }) });
  }
  const mask = allowed(q, k, weighing);
  if (softcap === 0) {
    return scaledDotProductAttention(q, k, v, {
      scale,
      ...(bias && { bias }),
      ...(mask && { mask }),
    });
  }
  const raw = matmul(q, k, { transposeB: true, alpha: scale });
  const held = mul(tanh(div(raw, softcap)), softcap);
  const biased = bias ? add(held, bias) : held;
  const scores = mask ? where(mask, biased, Number.NEGATIVE_INFINITY) : biased;
  return matmul(softmax(scores), v);
}

/** Values of earlier positions before the new ones. */
function extended(past: Tensor | undefined, x: Tensor): Tensor {
  return past && past.shape[2] !== 0 ? concat([past, x], 2) : x;
}

/** Each head of keys or values for as many heads of queries as share it. */
function shared(x: Tensor, count: number): Tensor {
  const [batch, own, length, width] = x.shape as unknown as Sizes;
  if (own === count) return x;
  const wide = expand(reshape(x, [batch, own, 1, length, width]), [
    batch,
    own,
    count / own,
    length,
    width,
  ]);
  return reshape(wide, [batch, count, length, width]);
}

/** A mask of keys by example: their number, a row of ones and zeros, or a row for each query. */
function keyMask(node: OnnxNode, given: Tensor | undefined, keys: number): Tensor | undefined {
  if (!given) return undefined;
  const [batch] = given.shape as [number];
  const whole = cast(given, "int32");
  if (given.shape.length === 1) {
    const places = reshape(arange(keys), [1, 1, 1, keys]);
    return less(places, reshape(whole, [batch, 1, 1, 1]));
  }
  if (given.shape.length === 2) return reshape(cast(whole, "bool"), [batch, 1, 1, keys]);
  if (given.shape.length === 3) {
    return reshape(cast(whole, "bool"), [batch, 1, given.shape[1] as number, keys]);
  }
  return node.fail("has a mask of a form that Quire does not read");
}

function scaleOf(node: OnnxNode, width: number): number {
  return node.float("scale", 0) || 1 / Math.sqrt(width);
}

/** Attention with one matrix for queries, keys and values. */
function selfAttention(node: OnnxNode): Read {
  if (node.int("do_rotary", 0) === 1)
    return node.fail("turns positions, which Quire does not read");
  const [x, weight, bias] = [node.tensor(0), node.tensor(1), node.optional(2)];
  const count = node.int("num_heads", 1);
  const product = matmul(x, weight);
  const all = bias ? add(product, bias) : product;
  const sizes = node.ints("qkv_hidden_sizes");
  const parts = split(all, sizes && sizes.length > 0 ? sizes : 3, -1);
  const [q, newK, newV] = parts.map((part) => heads(part, count)) as [Tensor, Tensor, Tensor];
  const past = node.optional(4);
  const [pastK, pastV] = past
    ? split(past, 2, 0).map((half) => reshape(half, half.shape.slice(1)))
    : [];
  const [k, v] = [extended(pastK, newK), extended(pastV, newV)];
  const keys = k.shape[2] as number;
  const y = attended([q, k, v], {
    scale: scaleOf(node, q.shape[3] as number),
    mask: keyMask(node, node.optional(3), keys),
    bias: node.optional(5),
    seenBefore: node.int("unidirectional", 0) === 1 ? keys - (q.shape[2] as number) : undefined,
  });
  return [joined(y), stack([k, v])];
}

/** Queries, keys and values as heads, with their biases; those of a memory may come as heads. */
function headsOf(node: OnnxNode, count: number): [Tensor, Tensor, Tensor] {
  const given = [node.tensor(0), node.tensor(1), node.tensor(2)];
  const bias = node.optional(3);
  let start = 0;
  return given.map((x) => {
    if (x.shape.length === 5) return node.fail("packs its operands, which Quire does not read");
    if (x.shape.length === 4) return x;
    const from = start;
    start += x.shape[2] as number;
    return heads(bias ? add(x, slice(bias, [from], [start])) : x, count);
  }) as [Tensor, Tensor, Tensor];
}

/** Attention of heads that are projected outside, as ONNX Runtime fuses it. */
function multiHead(node: OnnxNode): Read {
  const count = node.int("num_heads", 1);
  const [q, newK, newV] = headsOf(node, count);
  const [k, v] = [extended(node.optional(6), newK), extended(node.optional(7), newV)];
  const keys = k.shape[2] as number;
  const y = attended([q, k, v], {
    scale: scaleOf(node, q.shape[3] as number),
    mask: keyMask(node, node.optional(4), keys),
    bias: node.optional(5),
    seenBefore: node.int("unidirectional", 0) === 1 ? keys - (q.shape[2] as number) : undefined,
  });
  return [joined(y), k, v];
}

/** ONNX's own attention, since version 23. */
function standardAttention(node: OnnxNode): Read {
  if (node.wants(3)) return node.fail("gives its weights, which Quire does not read");
  const isFlat = node.tensor(0).shape.length === 3;
  const counts = [
    node.int("q_num_heads", 1),
    node.int("kv_num_heads", 1),
    node.int("kv_num_heads", 1),
  ];
  const [q, newK, newV] = counts.map((count, i) =>
    isFlat ? heads(node.tensor(i), count) : node.tensor(i),
  ) as [Tensor, Tensor, Tensor];
  const past = node.optional(4);
  const [k, v] = [extended(past, newK), extended(node.optional(5), newV)];
  const given = node.optional(3);
  const isMask = given?.dtype === "bool";
  const count = q.shape[1] as number;
  const y = attended([q, shared(k, count), shared(v, count)], {
    scale: scaleOf(node, q.shape[3] as number),
    mask: isMask ? given : undefined,
    bias: isMask ? undefined : given,
    softcap: node.float("softcap", 0),
    seenBefore: node.int("is_causal", 0) === 1 ? (past?.shape[2] ?? 0) : undefined,
  });
  return [isFlat ? joined(y) : y, k, v];
}

/** Cosines or sines of each example's positions, laid over heads. `[1 or B, 1, T, width]` */
function anglesAt(table: Tensor, ids: Tensor | undefined, length: number): Tensor {
  const width = table.shape.at(-1) as number;
  if (!ids && table.shape.length === 3) return reshape(table, [-1, 1, length, width]);
  if (ids && ids.shape.length === 2) return reshape(gather(table, ids), [-1, 1, length, width]);
  const first = ids ? add(cast(arange(length), ids.dtype), reshape(ids, [1])) : arange(length);
  return reshape(gather(table, first), [1, 1, length, width]);
}

/** Pairs of values turned by their position's angles (Su et al. 2021). `[B, H, T, K]` */
function turned(x: Tensor, cos: Tensor, sin: Tensor, isInterleaved: boolean): Tensor {
  const [batch, count, length, size] = x.shape as unknown as Sizes;
  const half = cos.shape.at(-1) as number;
  const rotated = slice(x, [0], [2 * half], { axes: [3] });
  const split = isInterleaved ? [batch, count, length, half, 2] : [batch, count, length, 2, half];
  const axis = isInterleaved ? 4 : 3;
  const pair = reshape(rotated, split);
  const [a, b] = [0, 1].map((i) =>
    reshape(slice(pair, [i], [i + 1], { axes: [axis] }), [batch, count, length, half]),
  ) as [Tensor, Tensor];
  const real = add(mul(a, cos), mul(mul(b, sin), -1));
  const both = stack([real, add(mul(a, sin), mul(b, cos))], axis);
  const y = reshape(both, [batch, count, length, 2 * half]);
  return 2 * half === size ? y : concat([y, slice(x, [2 * half], [size], { axes: [3] })], 3);
}

/** Rotary positions, with operands in the order x, cosines, sines, positions. */
function rotary(node: OnnxNode, order: readonly [number, number, number]): Tensor {
  const x = node.tensor(0);
  const [cosines, sines, ids] = [
    node.tensor(order[0]),
    node.tensor(order[1]),
    node.optional(order[2]),
  ];
  const isFlat = x.shape.length === 3;
  const width = 2 * (cosines.shape.at(-1) as number);
  const given = node.int("num_heads", 0);
  const count = given || (isFlat ? (x.shape[2] as number) / width : (x.shape[1] as number));
  const split = isFlat ? heads(x, count) : x;
  const length = split.shape[2] as number;
  const [cos, sin] = [anglesAt(cosines, ids, length), anglesAt(sines, ids, length)];
  const y = turned(split, cos, sin, node.int("interleaved", 0) === 1);
  return isFlat ? joined(y) : y;
}

/** Embeddings of words, positions and segments, added and normalised. */
function embedded(node: OnnxNode): Read {
  const [ids, words, places] = [node.tensor(0), node.tensor(2), node.tensor(3)];
  const [batch, length] = ids.shape as [number, number];
  const at = node.optional(8) ?? expand(reshape(arange(length), [1, length]), [batch, length]);
  const [segments, table] = [node.optional(1), node.optional(4)];
  const known = add(gather(words, ids), gather(places, at));
  const total = segments && table ? add(known, gather(table, segments)) : known;
  const options = { epsilon: node.float("epsilon", 1e-12) };
  const mask = node.optional(7);
  const lengths = mask ? sum(cast(mask, "int32"), { axes: 1 }) : full([batch], 0, "int32");
  return [layerNorm(total, node.tensor(5), node.tensor(6), options), lengths, total];
}

/** Attention and positions of ONNX's own. */
export const attentionReaders: ReaderTable = {
  Attention: standardAttention,
  RotaryEmbedding: (node) => rotary(node, [1, 2, 3]),
};

/** Attention and positions as ONNX Runtime fuses them. */
export const fusedAttentionReaders: ReaderTable = {
  Attention: selfAttention,
  EmbedLayerNormalization: embedded,
  MultiHeadAttention: multiHead,
  RotaryEmbedding: (node) => rotary(node, [2, 3, 1]),
};
