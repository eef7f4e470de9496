// B batch, T new tokens, H heads, G heads of keys and values, L room for tokens, K width of a head

import { DTypeError, operandsText, ShapeError } from "../errors.ts";
import { makeNode, nondifferentiable, type OpSpec, type Tensor } from "../graph/node.ts";
import type { HostTensor } from "../host.ts";
import { broadcast, sameShape, type TensorType } from "../shape.ts";
import { sub } from "./arithmetic.ts";
import { type Operand, requireClass, requireSameDType, toTensor } from "./define.ts";

type CachedAttentionAttributes = {
  readonly heads: number;
  readonly groups: number;
  readonly scale: number;
  readonly isFirst: boolean;
};

/** What attention to kept keys and values is told beside its tensors. */
export interface CachedAttentionOptions {
  /** How many heads the queries have. */
  readonly heads: number;
  /** Whether these are the first tokens of every row, which then fill a row from its start. */
  readonly isFirst: boolean;
  /** Multiplies query · key; 1/√K unless said. */
  readonly scale?: number;
  /** Added to the scaled products; broadcasts to `[B, H, T, L]`, or to `[B, H, T, T]` at the first tokens. */
  readonly bias?: Operand;
}

/** Keys and values that are kept, `[B, G, L, K]` each, and how many tokens of each row they hold. */
export interface KeptTokens {
  readonly keys: Operand;
  readonly values: Operand;
  /** int32 `[B]`: the tokens of each row, the new ones among them. */
  readonly lengths: Operand;
}

/** What was mixed, and the keys and values with the new ones among them. */
export interface CachedAttention {
  readonly mixed: Tensor;
  readonly keys: Tensor;
  readonly values: Tensor;
}

/** The runtime's kernel takes heads whose width is a multiple of this. */
const WIDTH_STEP = 8;

function fits(inputs: readonly TensorType[], attributes: CachedAttentionAttributes): boolean {
  const [q, k, v, keys, values, last, bias] = inputs as readonly TensorType[] & { 5: TensorType };
  const { heads, groups, isFirst } = attributes;
  const [batch = 0, length = 0, width = 0] = (q as TensorType).shape;
  const room = keys?.shape[2] as number;
  const size = width / heads;
  const expected = [
    [k, [batch, length, groups * size]],
    [v, [batch, length, groups * size]],
    [keys, [batch, groups, room, size]],
    [values, [batch, groups, room, size]],
    [last, [batch]],
  ] as const;
  const weights = [batch, heads, length, isFirst ? length : room];
  const joined = bias ? broadcast(bias.shape, weights) : weights;
  return (
    (isFirst || length === 1) &&
    length <= room &&
    heads % groups === 0 &&
    size % WIDTH_STEP === 0 &&
    expected.every(([type, shape]) => sameShape((type as TensorType).shape, shape)) &&
    joined !== undefined &&
    sameShape(joined, weights)
  );
}

/** Writes the first tokens' keys or values `[B, T, G K]` into the memory `[B, G, L, K]`. */
function writeFirst(into: HostTensor, [rows]: readonly HostTensor[]): void {
  const [, length = 0] = (rows as HostTensor).shape;
  for (let token = 0; token < length; token++)
    writeToken(into, rows as HostTensor, token, () => token);
}

/** Writes one token's keys or values of each row to the place that the row's last token has. */
function writeNext(into: HostTensor, [rows, last]: readonly HostTensor[]): void {
  const { data } = last as HostTensor<"int32">;
  writeToken(into, rows as HostTensor, 0, (row) => data[row] as number);
}

function writeToken(
  into: HostTensor,
  { data, shape: [, length = 0] }: HostTensor,
  token: number,
  placeOf: (row: number) => number,
): void {
  const [batch, groups, room, width] = into.shape as [number, number, number, number];
  for (let row = 0; row < batch; row++) {
    const from = (row * length + token) * groups * width;
    for (let group = 0; group < groups; group++) {
      const head = (data as Float32Array).subarray(
        from + group * width,
        from + (group + 1) * width,
      );
      (into.data as Float32Array).set(head, ((row * groups + group) * room + placeOf(row)) * width);
    }
  }
}

/** Attention that adds keys and values to those it keeps; `cachedAttention`'s row. */
export const cachedAttentionSpec: OpSpec<CachedAttentionAttributes> = {
  name: "cachedAttention",
  infer(inputs, attributes) {
    const op = "cachedAttention";
    const [q, , , keys, values, last] = inputs as readonly TensorType[] & { 5: TensorType };
    const floats = inputs.filter((type) => type !== last);
    requireClass(op, floats, "float");
    requireSameDType(op, floats);
    if (last.dtype !== "int32") {
      throw new DTypeError(op, `lengths must be int32, got ${operandsText(inputs)}.`, inputs);
    }
    if (!fits(inputs, attributes)) {
      const rule =
        "needs q [B, T, H K], k and v [B, T, G K], keys and values [B, G, L, K], lengths [B], " +
        `K a multiple of ${WIDTH_STEP}, T at most L, and 1 after the first tokens; ` +
        `got ${operandsText(inputs)}.`;
      throw new ShapeError(op, rule, inputs);
    }
    return [q, keys, values] as readonly TensorType[];
  },
  gradient: nondifferentiable("it is for generation; differentiate scaledDotProductAttention"),
  patch: (output, { isFirst }) =>
    output === 0
      ? undefined
      : { of: output + 2, operands: [output, 5], apply: isFirst ? writeFirst : writeNext },
  lower(emit, inputs, { inputs: types, attributes }) {
    const { heads, groups, scale, isFirst } = attributes;
    const [q, k, v, keys, values, last, bias] = inputs as readonly string[] & { 6?: string };
    const reach = (isFirst ? types[0]?.shape[1] : types[3]?.shape[2]) as number;
    const total = emit.scalar(reach, "int32");
    const given = [q, k, v, keys, values, last, total] as string[];
    const flags = { num_heads: heads, kv_num_heads: groups, scale: { float: scale } };
    const extra = bias === undefined ? [] : ["", "", "", bias];
    const all = [...given, ...extra];
    return emit.many("GroupQueryAttention", all, 3, flags, "com.microsoft");
  },
  flops: ([q, , , keys]) => {
    const [batch = 1, length = 1, width = 1] = (q as TensorType).shape;
    return 4 * batch * length * width * ((keys as TensorType).shape[2] as number);
  },
};

/**
 * Attention of new tokens to themselves and to those kept, causal and with heads of keys that groups of query
 * heads share (Ainslie et al. 2023, section 2.2); the new keys and values join the kept ones. The first call of
 * a row gives all of its first tokens, padded at the end, and each later one a single token.
 * `q [B, T, H K], k and v [B, T, G K] -> [B, T, H K]`
 *
 * @throws ShapeError when the operands do not fit together. @throws DTypeError when the lengths are no int32.
 */
export function cachedAttention(
  [query, key, value]: readonly [Operand, Operand, Operand],
  kept: KeptTokens,
  { heads, isFirst, scale, bias }: CachedAttentionOptions,
): CachedAttention {
  const operands = [query, key, value, kept.keys, kept.values].map((x) => toTensor(x));
  const room = operands[3] as Tensor;
  const last = sub(toTensor(kept.lengths, "int32"), 1);
  const added = bias === undefined ? [] : [toTensor(bias)];
  const [mixed, keys, values] = makeNode(cachedAttentionSpec, [...operands, last, ...added], {
    heads,
    groups: room.shape[1] as number,
    scale: scale ?? 1 / Math.sqrt(room.shape.at(-1) ?? 1),
    isFirst,
  }).outputs as readonly [Tensor, Tensor, Tensor];
  return { mixed, keys, values };
}
