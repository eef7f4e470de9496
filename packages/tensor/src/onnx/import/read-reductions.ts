import { isFloating } from "../../dtype.ts";
import type { Tensor } from "../../graph/node.ts";
import {
  abs,
  argmax,
  argmin,
  cast,
  cumulativeSum,
  flip,
  log,
  logSumExp,
  max,
  mean,
  min,
  mul,
  oneHot,
  prod,
  type ReduceOptions,
  sqrt,
  sub,
  sum,
  topK,
  transpose,
} from "../../ops/index.ts";
import type { OnnxNode, Reader, ReaderTable } from "./onnx-node.ts";

type Reduce = (x: Tensor, options: ReduceOptions) => Tensor;

/** The axes of a reduction: all where none are named, unless the node says that none means none. */
function reduction(reduce: Reduce): Reader {
  return (node) => {
    const x = node.tensor(0);
    const named = node.list("axes", 1);
    const isEmpty = named === undefined || named.length === 0;
    if (isEmpty && node.int("noop_with_empty_axes", 0) === 1) return reduce(x, { axes: [] });
    const keepDims = node.int("keepdims", 1) === 1;
    return reduce(x, { keepDims, ...(!isEmpty && { axes: named }) });
  };
}

/** Extrema of truth values, as any and all are. */
function ofNumbers(reduce: Reduce): Reduce {
  return (x, options) =>
    x.dtype === "bool" ? cast(reduce(cast(x, "uint8"), options), "bool") : reduce(x, options);
}

/** Means of whole numbers, cut to whole numbers. */
const wholeMean: Reduce = (x, options) =>
  isFloating(x.dtype) ? mean(x, options) : cast(mean(cast(x, "float32"), options), x.dtype);

/** Where an extremum stands, the last one among equals if the node wants that. */
function position(find: typeof argmax): Reader {
  return (node) => {
    const x = node.tensor(0);
    const axis = node.axis(0, x.shape.length);
    const keepDims = node.int("keepdims", 1) === 1;
    const isLast = node.int("select_last_index", 0) === 1;
    const found = find(isLast ? flip(x, [axis]) : x, { axis, keepDims });
    return cast(isLast ? sub((x.shape[axis] as number) - 1, found) : found, "int64");
  };
}

function ranked(node: OnnxNode): Tensor[] {
  const x = node.tensor(0);
  const k = node.has("k") ? node.int("k", 1) : node.value(1);
  const axis = node.axis(-1, x.shape.length);
  const { values, indices } = topK(x, k, { axis, largest: node.int("largest", 1) === 1 });
  return [values, cast(indices, "int64")];
}

function running(node: OnnxNode): Tensor {
  return cumulativeSum(node.tensor(0), {
    axis: node.value(1),
    exclusive: node.int("exclusive", 0) === 1,
    reverse: node.int("reverse", 0) === 1,
  });
}

/** 1 at the first largest value and 0 elsewhere; before version 13 all axes from `axis` on were one. */
function hardmax(node: OnnxNode): Tensor {
  const x = node.tensor(0);
  const rank = x.shape.length;
  const axis = node.axis(node.around.opset < 13 ? 1 : -1, rank);
  if (node.around.opset < 13 && axis !== rank - 1) {
    return node.fail("spans several axes, which Quire does not read");
  }
  const places = oneHot(argmax(x, { axis }), x.shape[axis] as number, x.dtype);
  const axes = Array.from({ length: rank - 1 }, (_, i) => i);
  return transpose(places, [...axes.slice(0, axis), rank - 1, ...axes.slice(axis)]);
}

/** Reductions, extrema and running sums. */
export const reductionReaders: ReaderTable = {
  ArgMax: position(argmax),
  ArgMin: position(argmin),
  CumSum: running,
  Hardmax: hardmax,
  ReduceL1: reduction((x, options) => sum(abs(x), options)),
  ReduceL2: reduction((x, options) => sqrt(sum(mul(x, x), options))),
  ReduceLogSum: reduction((x, options) => log(sum(x, options))),
  ReduceLogSumExp: reduction(logSumExp),
  ReduceMax: reduction(ofNumbers(max)),
  ReduceMean: reduction(wholeMean),
  ReduceMin: reduction(ofNumbers(min)),
  ReduceProd: reduction(prod),
  ReduceSum: reduction(sum),
  ReduceSumSquare: reduction((x, options) => sum(mul(x, x), options)),
  TopK: ranked,
};
