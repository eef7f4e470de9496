import { ShapeError } from "../errors.ts";
import type { Emit } from "../graph/emit.ts";
import { makeNode, type OpSpec, type Tensor } from "../graph/node.ts";
import { hostTensor } from "../host.ts";
import { broadcast, sameShape, sizeOf, type TensorType, typeText } from "../shape.ts";
import { type Operand, requireClass, requireSameDType, toTensor } from "./define.ts";
import { where } from "./select.ts";

type AttentionAttributes = {
  readonly causal: boolean;
  readonly scale: number;
  /** Queries and keys: `[T, S]`. */
  readonly lengths: readonly number[];
  /** Which of the optional operands follow query, key and value. */
  readonly extras: readonly string[];
};

/** How attention weighs. */
export interface AttentionOptions {
  /** Whether a query attends only to keys at or before it; the last query is level with the last key. */
  readonly causal?: boolean;
  /** Multiplies query · key; 1/√K unless said. */
  readonly scale?: number;
  /** Added to the scaled products; broadcasts to `[B, H, T, S]`. */
  readonly bias?: Operand;
  /** True where attending is allowed; broadcasts to `[B, H, T, S]`. */
  readonly mask?: Operand;
  /** Multiplies the weights after softmax (a dropout mask); broadcasts to `[B, H, T, S]`. */
  readonly keep?: Operand;
}

function extra(
  tensors: readonly Tensor[],
  names: readonly string[],
  name: string,
): Tensor | undefined {
  return names.includes(name) ? tensors[3 + names.indexOf(name)] : undefined;
}

function weightsShape(q: TensorType, k: TensorType): number[] {
  return [...q.shape.slice(0, -1), k.shape.at(-2) as number];
}

function inferAttention(
  inputs: readonly TensorType[],
  { extras }: AttentionAttributes,
): readonly TensorType[] {
  const op = "scaledDotProductAttention";
  const [q, k, v] = inputs as readonly [TensorType, TensorType, TensorType];
  requireClass(op, inputs, "float");
  const dtype = requireSameDType(op, inputs);
  const lead = q.shape.slice(0, -2);
  const agree =
    q.shape.length >= 3 &&
    [k, v].every((x) => sameShape(x.shape.slice(0, -2), lead)) &&
    q.shape.at(-1) === k.shape.at(-1) &&
    k.shape.at(-2) === v.shape.at(-2);
  if (!agree) {
    const got = `q ${typeText(q)}, k ${typeText(k)}, v ${typeText(v)}`;
    throw new ShapeError(
      op,
      `needs q [..., T, K], k [..., S, K], v [..., S, V], got ${got}.`,
      inputs,
    );
  }
  const weights = weightsShape(q, k);
  extras.forEach((name, i) => {
    const type = inputs[3 + i] as TensorType;
    const joined = broadcast(type.shape, weights);
    if (!joined || !sameShape(joined, weights)) {
      const rule = `${name} ${typeText(type)} does not broadcast to the weights [${weights.join(",")}].`;
      throw new ShapeError(op, rule, inputs);
    }
  });
  const shape = [...q.shape.slice(0, -1), v.shape.at(-1) as number];
  return [
    { shape, dtype },
    { shape: weights, dtype },
  ];
}

/** 0 where attending is allowed and -∞ beyond, for the last query level with the last key. */
function causalBias(emit: Emit, lengths: readonly number[]): string {
  const [queries, keys] = lengths as readonly [number, number];
  const value = hostTensor([Number.NEGATIVE_INFINITY], [1]);
  const filled = emit.one("ConstantOfShape", [emit.sizes(lengths)], { value: { tensor: value } });
  const first = queries === keys ? emit.scalar(1, "int64") : firstHidden(emit, lengths);
  return emit.one("Trilu", [filled, first], { upper: 1 });
}

/** The first key that the first query does not see; an export may leave both lengths free. */
function firstHidden(emit: Emit, lengths: readonly number[]): string {
  const [queries, keys] = emit.many("Split", [emit.sizes(lengths)], 2, { num_outputs: 2 });
  const before = emit.one("Sub", [keys as string, queries as string]);
  return emit.one("Squeeze", [emit.one("Add", [before, emit.sizes([1])])]);
}

/** softmax(scale q kᵀ + bias) v and the weights; `scaledDotProductAttention`'s row. */
export const attentionSpec: OpSpec<AttentionAttributes> = {
  name: "attention",
  infer: inferAttention,
  // With P the weights, O the output and dP = dO vᵀ: the softmax's row sums Σ dP P equal Σ dO O, which is the
  // smaller product (Dao et al. 2022, appendix B.2).
  gradient({ inputs, outputs: [o, p], dy, attributes, gradients }, ops) {
    const [q, k, v] = inputs;
    const { scale, extras } = attributes;
    const keep = extra(inputs, extras, "keep");
    const bias = extra(inputs, extras, "bias");
    const last = { axes: -1, keepDims: true };
    const product = ops.matmul(dy, v, { transposeB: true });
    let dp = keep ? ops.mul(product, keep) : product;
    let rows = ops.sum(ops.mul(dy, o), last);
    if (gradients[1]) {
      dp = ops.add(dp, gradients[1]);
      rows = ops.add(rows, ops.sum(ops.mul(gradients[1], p), last));
    }
    const ds = ops.mul(ops.sub(dp, rows), p);
    const dropped = keep ? ops.mul(p, keep) : p;
    const further: Record<string, () => Tensor> = {
      bias: () => ops.sumTo(ds, (bias as Tensor).shape),
      keep: () => ops.sumTo(ops.mul(product, p), (keep as Tensor).shape),
    };
    return [
      ops.matmul(ds, k, { alpha: scale }),
      ops.matmul(ds, q, { transposeA: true, alpha: scale }),
      ops.matmul(dropped, dy, { transposeA: true }),
      ...extras.map((name) => further[name]?.()),
    ];
  },
  lower(emit, inputs, { attributes: { causal, scale, lengths, extras } }) {
    const [q, k, v] = inputs as [string, string, string];
    const flags = { transA: 0, transB: 1, alpha: { float: scale } };
    let scores = emit.one("FusedMatMul", [q, k], flags, "com.microsoft");
    const bias = inputs[3 + extras.indexOf("bias")];
    if (extras.includes("bias")) scores = emit.one("Add", [scores, bias as string]);
    if (causal) scores = emit.one("Add", [scores, causalBias(emit, lengths)]);
    const weights = emit.one("Softmax", [scores], { axis: -1 });
    const keep = inputs[3 + extras.indexOf("keep")];
    const dropped = extras.includes("keep") ? emit.one("Mul", [weights, keep as string]) : weights;
    return [emit.one("MatMul", [dropped, v]), weights];
  },
  flops([q], [o, p]) {
    const { shape } = q as TensorType;
    const weights = sizeOf((p as TensorType).shape);
    return (
      weights * (2 * (shape.at(-1) as number) + 2 * ((o as TensorType).shape.at(-1) as number) + 5)
    );
  },
};

/**
 * Attention (Vaswani et al. 2017, eq. 1): softmax(scale q kᵀ + bias) v over leading axes.
 * `[B, H, T, K], [B, H, S, K], [B, H, S, V] -> [B, H, T, V]`
 *
 * @throws ShapeError when the operands do not fit together.
 */
export function scaledDotProductAttention(
  query: Operand,
  key: Operand,
  value: Operand,
  options: AttentionOptions = {},
): Tensor {
  const [q, k, v] = [toTensor(query), toTensor(key), toTensor(value)];
  const { causal = false, scale = 1 / Math.sqrt(q.shape.at(-1) ?? 1), bias, mask, keep } = options;
  const allowed = mask && where(mask, 0, Number.NEGATIVE_INFINITY);
  const biased = bias === undefined ? allowed : toTensor(bias);
  const both =
    allowed && bias !== undefined ? where(mask as Operand, bias, Number.NEGATIVE_INFINITY) : biased;
  const operands = { bias: both, keep: keep === undefined ? undefined : toTensor(keep) };
  const extras = Object.entries(operands).flatMap(([name, x]) => (x ? [{ name, x }] : []));
  const lengths = [q.shape.at(-2) ?? 1, k.shape.at(-2) ?? 1];
  return makeNode(attentionSpec, [q, k, v, ...extras.map(({ x }) => x)], {
    causal,
    scale,
    lengths,
    extras: extras.map(({ name }) => name),
  }).outputs[0] as Tensor;
}
