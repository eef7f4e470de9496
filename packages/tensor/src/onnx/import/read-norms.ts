import type { Tensor } from "../../graph/node.ts";
import { makeNode } from "../../graph/node.ts";
import {
  abs,
  add,
  averagePool,
  batchNorm,
  batchNormInference,
  div,
  full,
  groupNorm,
  layerNorm,
  logSoftmax,
  maximum,
  mean,
  mul,
  pad,
  pow,
  reshape,
  rmsNorm,
  softmax,
  sqrt,
  sub,
  sum,
} from "../../ops/index.ts";
import { layerNormSpec } from "../../ops/layer-norm.ts";
import { sizeOf } from "../../shape.ts";
import type { OnnxNode, Read, Reader, ReaderTable } from "./onnx-node.ts";

/** Along one axis; before version 13 over all axes from `axis` on. */
function along(apply: typeof softmax): Reader {
  return (node) => {
    const x = node.tensor(0);
    const rank = x.shape.length;
    if (node.around.opset >= 13) return apply(x, { axis: node.axis(-1, rank) });
    const axis = node.axis(1, rank);
    if (axis === rank - 1) return apply(x);
    const rows = reshape(x, [sizeOf(x.shape.slice(0, axis)), sizeOf(x.shape.slice(axis))]);
    return reshape(apply(rows), x.shape);
  };
}

/** A scale or shift of the axes that are normalised, as a row; ones or zeros where it is smaller are repeated. */
function row(x: Tensor, shape: readonly number[], width: number): Tensor {
  if (sizeOf(x.shape) === width) return reshape(x, [width]);
  return reshape(mul(x, full(shape, 1, x.dtype)), [width]);
}

/** Normalises all axes from one on; gives the mean and the inverse deviation too. */
function layered(node: OnnxNode): Read {
  const x = node.tensor(0);
  const axis = node.axis(-1, x.shape.length);
  const shape = x.shape.slice(axis);
  const width = sizeOf(shape);
  const bias = node.optional(2);
  const inputs = [
    reshape(x, [...x.shape.slice(0, axis), width]),
    row(node.tensor(1), shape, width),
    ...(bias ? [row(bias, shape, width)] : []),
  ];
  const epsilon = node.float("epsilon", 1e-5);
  const outputs = makeNode(layerNormSpec, inputs, { epsilon }).outputs as readonly [
    Tensor,
    Tensor,
    Tensor,
  ];
  const rows = [...x.shape.slice(0, axis), ...shape.map(() => 1)];
  return [reshape(outputs[0], x.shape), reshape(outputs[1], rows), reshape(outputs[2], rows)];
}

/** Normalises by the root of the mean square over all axes from one on. */
function byMeanSquare(node: OnnxNode): Tensor {
  const x = node.tensor(0);
  const axis = node.axis(-1, x.shape.length);
  const shape = x.shape.slice(axis);
  const width = sizeOf(shape);
  const epsilon = node.float("epsilon", 1e-5);
  const rows = reshape(x, [...x.shape.slice(0, axis), width]);
  return reshape(rmsNorm(rows, row(node.tensor(1), shape, width), { epsilon }), x.shape);
}

/** By given statistics, or by the batch's own, which then move the given ones. */
function batched(node: OnnxNode): Read {
  const [x, scale, bias, average, variance] = [0, 1, 2, 3, 4].map((i) => node.tensor(i)) as [
    Tensor,
    Tensor,
    Tensor,
    Tensor,
    Tensor,
  ];
  const options = { epsilon: node.float("epsilon", 1e-5) };
  if (node.int("spatial", 1) === 0 && x.shape.length > 2) {
    return node.fail("keeps statistics of every place, which Quire does not read");
  }
  const isVector = x.shape.length === 1;
  const channels = isVector ? reshape(x, [...x.shape, 1]) : x;
  if (node.int("training_mode", 0) === 0) {
    const y = batchNormInference(channels, [scale, bias, average, variance], options);
    return reshape(y, x.shape);
  }
  const momentum = node.float("momentum", 0.9);
  const [y, ...statistics] = batchNorm(channels, scale, bias, options);
  const moved = [average, variance].map((before, i) =>
    add(mul(before, momentum), mul(statistics[i] as Tensor, 1 - momentum)),
  );
  return [y, ...moved];
}

/** Groups of channels; scale and bias are one a group before version 21 and one a channel since. */
function grouped(node: OnnxNode): Tensor {
  const x = node.tensor(0);
  const channels = x.shape[1] as number;
  const groups = node.int("num_groups", 1);
  const [scale, bias] = [node.tensor(1), node.tensor(2)].map((vector) => {
    if (vector.shape[0] === channels) return vector;
    const each = channels / groups;
    return reshape(mul(reshape(vector, [groups, 1]), full([groups, each], 1)), [channels]);
  });
  return groupNorm(x, scale, bias, { groups, epsilon: node.float("epsilon", 1e-5) });
}

/** Every example's every channel on its own. */
function byInstance(node: OnnxNode): Tensor {
  const x = node.tensor(0);
  const options = { groups: x.shape[1] as number, epsilon: node.float("epsilon", 1e-5) };
  return groupNorm(x, node.tensor(1), node.tensor(2), options);
}

/** Over the sum of the values or the root of that of their squares along an axis. */
function byLength(node: OnnxNode): Tensor {
  const x = node.tensor(0);
  const options = { axes: node.axis(-1, x.shape.length), keepDims: true };
  const isFirst = node.int("p", 2) === 1;
  const length = isFirst ? sum(abs(x), options) : sqrt(sum(mul(x, x), options));
  return div(x, maximum(length, 1e-12));
}

/** Centred and divided by the deviation over some axes. */
function standardized(node: OnnxNode): Tensor {
  const x = node.tensor(0);
  const options = { axes: node.ints("axes") ?? [0, 2, 3], keepDims: true };
  const centred = sub(x, mean(x, options));
  const deviation = sqrt(mean(mul(centred, centred), options));
  return div(centred, add(deviation, 1e-9));
}

/** Over a power of the sum of squares of neighbouring channels (Krizhevsky et al. 2012, section 3.3). */
function byNeighbours(node: OnnxNode): Tensor {
  const x = node.tensor(0);
  const size = node.int("size", 1);
  const [batch, channels] = x.shape as [number, number];
  const rest = sizeOf(x.shape.slice(2));
  const before = Math.floor((size - 1) / 2);
  const flat = reshape(mul(x, x), [batch, 1, channels, rest]);
  const padded = pad(flat, { before: [0, 0, before, 0], after: [0, 0, size - 1 - before, 0] });
  const means = averagePool(padded, { kernel: [size, 1], stride: [1, 1] });
  const base = add(mul(means, node.float("alpha", 1e-4)), node.float("bias", 1));
  return div(x, reshape(pow(base, node.float("beta", 0.75)), x.shape));
}

/** Identity with a mask of ones: files hold models that predict. */
function kept(node: OnnxNode): Read {
  const x = node.tensor(0);
  const isTraining = node.around.opset >= 12 && (node.optionalValues(2)?.[0] ?? 0) !== 0;
  const ratio = node.has("ratio") ? node.float("ratio", 0.5) : (node.optionalValues(1)?.[0] ?? 0.5);
  if (isTraining && ratio > 0) {
    return node.fail("draws numbers while it trains; import the model that predicts");
  }
  return [x, full(x.shape, 1, node.around.opset < 10 ? x.dtype : "bool")];
}

/** x plus what is skipped, normalised; gives mean, inverse deviation and the sum too. */
function skipped(node: OnnxNode): Read {
  const [x, skip, scale] = [node.tensor(0), node.tensor(1), node.tensor(2)];
  const isSimple = node.type === "SkipSimplifiedLayerNormalization";
  const bias = node.optional(isSimple ? 3 : 4);
  const joined = add(x, skip);
  const total = bias ? add(joined, bias) : joined;
  const options = { epsilon: node.float("epsilon", 1e-12) };
  const y = isSimple
    ? rmsNorm(total, scale, options)
    : layerNorm(total, scale, node.optional(3), options);
  if (node.wants(1) || node.wants(2))
    return node.fail("gives statistics, which Quire does not read");
  return [y, undefined, undefined, total];
}

/** Normalisations and what stands with them. */
export const normReaders: ReaderTable = {
  BatchNormalization: batched,
  Dropout: kept,
  GroupNormalization: grouped,
  InstanceNormalization: byInstance,
  LRN: byNeighbours,
  LayerNormalization: layered,
  LogSoftmax: along(logSoftmax),
  LpNormalization: byLength,
  MeanVarianceNormalization: standardized,
  RMSNormalization: byMeanSquare,
  SimplifiedLayerNormalization: byMeanSquare,
  Softmax: along(softmax),
};

/** Normalisations as ONNX Runtime fuses them. */
export const fusedNormReaders: ReaderTable = {
  SkipLayerNormalization: skipped,
  SkipSimplifiedLayerNormalization: skipped,
};
