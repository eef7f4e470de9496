import { ShapeError } from "../errors.ts";
import type { Emit } from "../graph/emit.ts";
import { makeNode, makeTensor, type OpSpec, type Ops, type Tensor } from "../graph/node.ts";
import { type Shape, sameShape, sizeOf, type TensorType, typeText } from "../shape.ts";
import { add, mul } from "./arithmetic.ts";
import { type Operand, requireClass, requireSameDType, toTensor, toTensors } from "./define.ts";
import { asFloat32, emitZeros } from "./float32.ts";
import { layerNorm, type NormOptions } from "./layer-norm.ts";
import { reshape } from "./movement.ts";
import { full } from "./select.ts";

type NormAttributes = { readonly epsilon: number };

/** Refuses operands of other dtypes than x, and vectors that are not one value for each of `size`. */
function checkVectors(
  op: string,
  types: readonly TensorType[],
  size: number,
  what: string,
): TensorType {
  requireClass(op, types, "float");
  requireSameDType(op, types);
  const [x, ...vectors] = types as readonly [TensorType, ...TensorType[]];
  for (const vector of vectors) {
    if (!sameShape(vector.shape, [size])) {
      const rule = `needs one value ${what}, [${size}] for x ${typeText(x)}, got ${typeText(vector)}.`;
      throw new ShapeError(op, rule, types);
    }
  }
  return x;
}

/** How many channels x has. */
function channelsOf(op: string, x: TensorType): number {
  const channels = x.shape[1];
  if (channels === undefined) {
    throw new ShapeError(op, `takes x [B, C, ...space], got x ${typeText(x)}.`, [x]);
  }
  return channels;
}

/** Rows over the root of their mean square, and one over that root; `rmsNorm`'s row. */
export const rmsNormSpec: OpSpec<NormAttributes> = {
  name: "rmsNorm",
  infer(types) {
    const [first] = types as readonly [TensorType];
    const width = first.shape.at(-1);
    if (width === undefined) {
      throw new ShapeError("rmsNorm", "takes no scalar; it normalises the last axis.", types);
    }
    const x = checkVectors("rmsNorm", types, width, "of scale for each of the last axis");
    return [x, { shape: [...x.shape.slice(0, -1), 1], dtype: x.dtype }];
  },
  // With n = x / root and g = dy scale: dx = (g - n mean(g n)) / root.
  gradient({ inputs: [x, scale], outputs: [, inverse], dy, gradients }, ops) {
    const rows = x.shape.slice(0, -1).map((_, axis) => axis);
    const width = x.shape.at(-1) as number;
    const normal = ops.mul(x, inverse);
    const product = ops.mul(dy, normal);
    const column = ops.reshape(ops.mul(scale, -1 / width), [width, 1]);
    let slope = ops.matmul(product, column);
    // d(1 / root)/dx = -n / (width root²)
    if (gradients[1]) {
      slope = ops.add(slope, ops.mul(ops.mul(gradients[1], inverse), -1 / width));
    }
    const dx = ops.mul(ops.add(ops.mul(dy, scale), ops.mul(normal, slope)), inverse);
    return [dx, ops.sum(product, { axes: rows })];
  },
  lower: (emit, inputs, { attributes: { epsilon }, outputs }) =>
    asFloat32(emit, inputs, outputs, (names) => {
      if (outputs.some(({ shape }) => sizeOf(shape) === 0)) {
        return outputs.map(({ shape }) => emitZeros(emit, shape));
      }
      const attributes = { axis: -1, epsilon: { float: epsilon } };
      return emit.many("SimplifiedLayerNormalization", names, 2, attributes);
    }),
  flops: ([x]) => 5 * sizeOf((x as TensorType).shape),
};

/**
 * Each row over the root of its mean square, scaled (Zhang and Sennrich 2019, eq. 4).
 * `[..., D], [D] -> [..., D]`
 *
 * @throws ShapeError when scale is not `[D]`.
 */
export function rmsNorm(x: Operand, scale: Operand, { epsilon = 1e-5 }: NormOptions = {}): Tensor {
  return makeTensor(rmsNormSpec, toTensors([x, scale]), { epsilon });
}

/** A shape that broadcasts one value a channel over x. */
function channelShape(x: TensorType): Shape {
  return x.shape.slice(1).map((size, axis) => (axis === 0 ? size : 1));
}

/** The sum over all axes but the channels'. `[B, C, ...] -> [C]` */
function channelSum(x: Tensor, ops: Ops): Tensor {
  return ops.sum(x, { axes: axesBesideChannels(x) });
}

/** What the gradients of both forms begin with, all of it per channel but the centred x. */
function channelTerms(
  { x, mean, variance, dy }: Readonly<Record<"x" | "mean" | "variance" | "dy", Tensor>>,
  epsilon: number,
  ops: Ops,
) {
  const inverse = ops.reciprocal(ops.sqrt(ops.add(variance, epsilon)));
  const centred = ops.sub(x, ops.reshape(mean, channelShape(x)));
  const dScale = ops.mul(channelSum(ops.mul(dy, centred), ops), inverse);
  return { inverse, centred, dScale, dBias: channelSum(dy, ops) };
}

/** The axes that a channel's statistics are taken over. */
function axesBesideChannels(x: TensorType): number[] {
  return x.shape.flatMap((_, axis) => (axis === 1 ? [] : [axis]));
}

/**
 * The result, mean and variance of a batch. The kernel's own training mode is left alone: it writes its
 * statistics over the running ones that it is given.
 */
function emitBatchNorm(
  emit: Emit,
  inputs: readonly string[],
  type: TensorType,
  epsilon: number,
): readonly string[] {
  const [x] = inputs as readonly [string];
  const axes = axesBesideChannels(type);
  const average = (name: string): string =>
    emit.one("ReduceMean", [name, emit.sizes(axes)], { keepdims: 0 });
  const mean = average(x);
  const wide = emit.one("Reshape", [mean, emit.sizes(channelShape(type))]);
  const centred = emit.one("Sub", [x, wide]);
  const variance = average(emit.one("Mul", [centred, centred]));
  const attributes = { epsilon: { float: epsilon } };
  return [emit.one("BatchNormalization", [...inputs, mean, variance], attributes), mean, variance];
}

/** Channels normalised by what they have in this batch; `batchNorm`'s row gives mean and variance too. */
export const batchNormSpec: OpSpec<NormAttributes> = {
  name: "batchNorm",
  infer(types) {
    const channels = channelsOf("batchNorm", types[0] as TensorType);
    const x = checkVectors("batchNorm", types, channels, "a channel");
    const statistics = { shape: [channels], dtype: x.dtype };
    return [x, statistics, statistics];
  },
  // y is linear in dy and in centred x, so that dx = a dy + b (x - mean) + c with a, b and c per channel.
  gradient({ inputs: [x, scale], outputs: [, mean, variance], attributes, dy, gradients }, ops) {
    const known = { x, mean, variance, dy };
    const { inverse, centred, dScale, dBias } = channelTerms(known, attributes.epsilon, ops);
    const [, dMean, dVariance] = gradients;
    const share = channelsOf("batchNorm", x) / Math.max(sizeOf(x.shape), 1);
    const a = ops.mul(scale, inverse);
    let b = ops.mul(ops.mul(a, ops.mul(inverse, dScale)), -share);
    let c = ops.mul(ops.mul(a, dBias), -share);
    if (dVariance) b = ops.add(b, ops.mul(dVariance, 2 * share));
    if (dMean) c = ops.add(c, ops.mul(dMean, share));
    const [wideA, wideB, wideC] = [a, b, c].map((vector) => ops.reshape(vector, channelShape(x)));
    const moved = ops.add(ops.mul(centred, wideB as Tensor), wideC as Tensor);
    return [ops.add(ops.mul(dy, wideA as Tensor), moved), dScale, dBias];
  },
  lower: (emit, inputs, { attributes: { epsilon }, inputs: types, outputs }) =>
    asFloat32(emit, inputs, outputs, (names) => {
      if (sizeOf((types[0] as TensorType).shape) === 0) {
        return outputs.map(({ shape }) => emitZeros(emit, shape));
      }
      return emitBatchNorm(emit, names, types[0] as TensorType, epsilon);
    }),
  flops: ([x]) => 6 * sizeOf((x as TensorType).shape),
};

/**
 * Each channel centred and divided by its deviation over the batch, scaled and shifted (Ioffe and Szegedy 2015,
 * algorithm 1); gives the result, the mean and the variance (over the count, not one less).
 * `[B, C, ...space], [C], [C] -> [B, C, ...space], [C], [C]`
 *
 * @throws ShapeError when scale or bias is not `[C]`.
 */
export function batchNorm(
  x: Operand,
  scale: Operand,
  bias: Operand,
  { epsilon = 1e-5 }: NormOptions = {},
): [y: Tensor, mean: Tensor, variance: Tensor] {
  const { outputs } = makeNode(batchNormSpec, toTensors([x, scale, bias]), { epsilon });
  return [outputs[0] as Tensor, outputs[1] as Tensor, outputs[2] as Tensor];
}

/** Channels normalised by a given mean and variance; `batchNormInference`'s row. */
export const batchNormInferenceSpec: OpSpec<NormAttributes> = {
  name: "batchNormInference",
  infer(types) {
    const channels = channelsOf("batchNormInference", types[0] as TensorType);
    return [checkVectors("batchNormInference", types, channels, "a channel")];
  },
  gradient({ inputs: [x, scale, , ...statistics], attributes, dy }, ops) {
    const [mean, variance] = statistics as unknown as readonly [Tensor, Tensor];
    const known = { x, mean, variance, dy };
    const { inverse, dScale, dBias } = channelTerms(known, attributes.epsilon, ops);
    const slope = ops.mul(scale, inverse);
    const dVariance = ops.mul(ops.mul(ops.mul(slope, inverse), dScale), -0.5);
    return [
      ops.mul(dy, ops.reshape(slope, channelShape(x))),
      dScale,
      dBias,
      ops.neg(ops.mul(slope, dBias)),
      dVariance,
    ];
  },
  lower: (emit, inputs, { attributes: { epsilon }, outputs }) =>
    asFloat32(emit, inputs, outputs, (names) => [
      emit.one("BatchNormalization", names, { epsilon: { float: epsilon } }),
    ]),
  flops: ([x]) => 2 * sizeOf((x as TensorType).shape),
};

/**
 * Each channel centred by a given mean and divided by the root of a given variance, scaled and shifted: what
 * `batchNorm` becomes once trained. `[B, C, ...space], [C], [C], [C], [C] -> [B, C, ...space]`
 *
 * @throws ShapeError when scale, bias, mean or variance is not `[C]`.
 */
export function batchNormInference(
  x: Operand,
  [scale, bias, mean, variance]: readonly [
    scale: Operand,
    bias: Operand,
    mean: Operand,
    variance: Operand,
  ],
  { epsilon = 1e-5 }: NormOptions = {},
): Tensor {
  const inputs = toTensors([x, scale, bias, mean, variance]);
  return makeTensor(batchNormInferenceSpec, inputs, { epsilon });
}

/** How channels are grouped and guarded. */
export interface GroupNormOptions extends NormOptions {
  /** Into how many groups of neighbours the channels are divided. */
  readonly groups: number;
}

/** x normalised group by group, then scaled and shifted channel by channel. */
function normalizeGroups(
  op: string,
  groups: number,
  operands: readonly [x: Operand, scale: Operand | undefined, bias: Operand | undefined],
  { epsilon }: NormOptions,
): Tensor {
  const [x, ...vectors] = operands;
  const tensor = toTensor(x);
  const channels = channelsOf(op, tensor);
  if (!Number.isInteger(groups) || groups < 1 || channels % groups !== 0) {
    const rule = `groups is ${groups}, which does not divide the ${channels} channels of x ${typeText(tensor)}.`;
    throw new ShapeError(op, rule, [tensor]);
  }
  const [scale, bias] = vectors.map((vector) => vector !== undefined && toTensor(vector));
  const given = [scale, bias].filter((vector) => vector instanceof Object) as Tensor[];
  checkVectors(op, [tensor, ...given], channels, "a channel");
  const rows = (tensor.shape[0] as number) * groups;
  const width = sizeOf(tensor.shape.slice(1)) / groups;
  const normal = layerNorm(
    reshape(tensor, [rows, width]),
    full([width], 1, tensor.dtype),
    undefined,
    epsilon === undefined ? {} : { epsilon },
  );
  let y = reshape(normal, tensor.shape);
  if (scale) y = mul(y, reshape(scale, channelShape(tensor)));
  return bias ? add(y, reshape(bias, channelShape(tensor))) : y;
}

/**
 * Each example's groups of channels centred and divided by their deviation, then scaled and shifted a channel
 * (Wu and He 2018, eq. 1 and 7). `[B, C, ...space], [C], [C] -> [B, C, ...space]`
 *
 * @throws ShapeError when groups does not divide C, or scale or bias is not `[C]`.
 */
export function groupNorm(
  x: Operand,
  scale: Operand | undefined,
  bias: Operand | undefined,
  { groups, ...options }: GroupNormOptions,
): Tensor {
  return normalizeGroups("groupNorm", groups, [x, scale, bias], options);
}

/**
 * Each example's every channel centred and divided by its deviation, then scaled and shifted (Ulyanov et al.
 * 2016, eq. 3). `[B, C, ...space], [C], [C] -> [B, C, ...space]`
 *
 * @throws ShapeError when scale or bias is not `[C]`.
 */
export function instanceNorm(
  x: Operand,
  scale?: Operand,
  bias?: Operand,
  options: NormOptions = {},
): Tensor {
  const tensor = toTensor(x);
  const channels = channelsOf("instanceNorm", tensor);
  return normalizeGroups("instanceNorm", channels, [tensor, scale, bias], options);
}
