import type { Tensor } from "../graph/node.ts";
import { constant } from "../graph/source.ts";
import { hostTensor } from "../host.ts";
import { knownValues } from "../onnx/import/known-values.ts";
import type { Operand } from "../ops/define.ts";
import {
  add,
  arange,
  cast,
  concat,
  conv,
  cos,
  div,
  equal,
  exp,
  full,
  gather,
  greater,
  greaterEqual,
  less,
  lessEqual,
  log,
  logicalAnd,
  logicalNot,
  logicalOr,
  matmul,
  max,
  maximum,
  mean,
  min,
  minimum,
  mul,
  neg,
  pow,
  prod,
  relu,
  reshape,
  rsqrt,
  scatterRows,
  sigmoid,
  sin,
  slice,
  softmax,
  split,
  sqrt,
  square,
  squeeze,
  stack,
  sub,
  sum,
  tanh,
  tile,
  transpose,
  unsqueeze,
  where,
} from "../ops/index.ts";
import { sizeOf, stridesOf } from "../shape.ts";
import type { Reader, TfjsNode } from "./tfjs-node.ts";

const unary =
  (fn: (x: Operand) => Tensor): Reader =>
  (node) =>
    fn(node.tensor(0));

const binary =
  (fn: (a: Operand, b: Operand) => Tensor): Reader =>
  (node) =>
    fn(node.tensor(0), node.tensor(1));

type Reduction = (x: Operand, options: { axes: readonly number[]; keepDims: boolean }) => Tensor;

const reduction =
  (fn: Reduction): Reader =>
  (node) =>
    fn(node.tensor(0), { axes: node.values(1), keepDims: node.flag("keep_dims") });

/** Whole numbers as a constant of 32 bits. */
function whole(values: readonly number[], shape: readonly number[] = [values.length]): Tensor {
  return constant(hostTensor([...values], shape, "int32"));
}

function product(node: TfjsNode, [first, second]: readonly [string, string]): Tensor {
  const [a, b] = [node.tensor(0), node.tensor(1)];
  return matmul(a, b, { transposeA: node.flag(first), transposeB: node.flag(second) });
}

/** Weighted sums over windows of pictures and kernels whose channels come last. */
function convolved(node: TfjsNode): Tensor {
  const layout = node.text("data_format", "NHWC");
  const padding = node.text("padding", "VALID");
  if (layout !== "NHWC" || padding !== "VALID")
    node.fail(`is ${layout}, padded ${padding}; only NHWC, VALID is read`);
  const [x, weight] = [node.tensor(0), node.tensor(1)];
  const [stride, dilation] = [node.ints("strides").slice(1, 3), node.ints("dilations").slice(1, 3)];
  const y = conv(transpose(x, [0, 3, 1, 2]), transpose(weight, [3, 2, 0, 1]), undefined, {
    ...(stride.length === 2 && { stride }),
    ...(dilation.length === 2 && { dilation }),
  });
  return transpose(y, [0, 2, 3, 1]);
}

/** A part of every axis: a bit of a mask says that a bound is the axis's own, or that one place is taken. */
function strided(node: TfjsNode): Tensor {
  if (node.int("ellipsis_mask") !== 0 || node.int("new_axis_mask") !== 0) {
    node.fail("has an ellipsis or a new axis, which are not read");
  }
  const x = node.tensor(0);
  const [begins, ends, steps] = [node.values(1), node.values(2), node.values(3)];
  const has = (mask: string, axis: number): boolean => ((node.int(mask) >> axis) & 1) === 1;
  const shrunk = begins.map((_, axis) => axis).filter((axis) => has("shrink_axis_mask", axis));
  const starts = begins.map((begin, axis) => {
    if (has("begin_mask", axis) && !shrunk.includes(axis))
      return (steps[axis] as number) < 0 ? -1 : 0;
    return begin;
  });
  const stops = ends.map((end, axis) => {
    const start = starts[axis] as number;
    if (shrunk.includes(axis)) return start === -1 ? (x.shape[axis] as number) : start + 1;
    const size = x.shape[axis] as number;
    if (has("end_mask", axis)) return (steps[axis] as number) < 0 ? -size - 1 : size;
    return end;
  });
  const strides = steps.map((step, axis) => (shrunk.includes(axis) ? 1 : step));
  const part = slice(x, starts, stops, { steps: strides });
  return shrunk.length === 0 ? part : squeeze(part, shrunk);
}

/** A part from a start of a size on every axis; -1 is all that is left. */
function part(node: TfjsNode): Tensor {
  const x = node.tensor(0);
  const [starts, sizes] = [node.values(1), node.values(2)];
  const ends = starts.map((start, axis) => {
    const size = sizes[axis] as number;
    return size === -1 ? (x.shape[axis] as number) : start + size;
  });
  return slice(x, starts, ends);
}

/** Places of what is true, row by row; how many there are must be known. */
function truths(node: TfjsNode): Tensor {
  const values = node.values(0);
  const strides = stridesOf(node.tensor(0).shape);
  const shape = node.tensor(0).shape;
  const places = [...values.keys()].filter((place) => values[place] !== 0);
  const rows = places.flatMap((place) =>
    strides.map((stride, axis) => Math.floor(place / stride) % (shape[axis] as number)),
  );
  return whole(rows, [places.length, strides.length]);
}

/** Tuples of places along the last axis as single places in the sizes they walk over. */
function flatPlaces(indices: Tensor, space: readonly number[]): Tensor {
  return sum(mul(indices, whole(stridesOf(space))), { axes: -1 });
}

function gatherTuples(node: TfjsNode): Tensor {
  const [x, indices] = [node.tensor(0), node.tensor(1)];
  const width = indices.shape.at(-1) as number;
  const space = x.shape.slice(0, width);
  const rows = reshape(x, [sizeOf(space), ...x.shape.slice(width)]);
  return gather(rows, flatPlaces(indices, space));
}

/** Updates added up at tuples of places in zeros of a shape. */
function scattered(indices: Tensor, updates: Tensor, shape: readonly number[]): Tensor {
  const width = indices.shape.at(-1) as number;
  const [space, rest] = [shape.slice(0, width), shape.slice(width)];
  const zeros = full([sizeOf(space), ...rest], 0, updates.dtype);
  return reshape(scatterRows(zeros, flatPlaces(indices, space), updates), shape);
}

/** Values at places of a tensor that holds another value elsewhere; known where all of them are known. */
function dense(node: TfjsNode): Tensor {
  const [indices, values] = [node.tensor(0), node.tensor(2)];
  const [shape, rest] = [node.values(1), node.value(3)];
  const [places, known] = [knownValues(indices), knownValues(values)];
  if (!places || !known) {
    if (rest !== 0) node.fail(`puts ${rest} where nothing stands; only 0 is read`);
    return scattered(indices, values, shape);
  }
  const strides = stridesOf(shape);
  const filled = new Array<number>(sizeOf(shape)).fill(rest);
  known.forEach((value, i) => {
    const tuple = places.slice(i * shape.length, (i + 1) * shape.length);
    filled[tuple.reduce((at, place, axis) => at + place * (strides[axis] as number), 0)] = value;
  });
  return constant(hostTensor(filled, shape, values.dtype));
}

function range(node: TfjsNode): Tensor {
  const [start, limit, step] = [node.value(0), node.value(1), node.value(2)];
  const count = Math.max(0, Math.ceil((limit - start) / step));
  return add(mul(arange(count), whole([step], [])), whole([start], []));
}

function biased(node: TfjsNode): Tensor {
  const layout = node.text("data_format", "NHWC");
  if (layout !== "NHWC") node.fail(`is ${layout}; only NHWC is read`);
  return add(node.tensor(0), node.tensor(1));
}

function joined(node: TfjsNode): Tensor {
  const last = node.inputs.length - 1;
  return concat(node.inputs.slice(0, last), node.value(last));
}

function parts(node: TfjsNode): Tensor[] {
  const axis = node.value(2);
  const size = node.tensor(0).shape.at(axis) as number;
  const given = node.values(1);
  const known = given.reduce((total, length) => total + Math.max(0, length), 0);
  return split(
    node.tensor(0),
    given.map((length) => (length === -1 ? size - known : length)),
    axis,
  );
}

function squeezed(node: TfjsNode): Tensor {
  const axes = node.ints("squeeze_dims");
  return axes.length === 0 ? squeeze(node.tensor(0)) : squeeze(node.tensor(0), axes);
}

/** The operations that are read, by TensorFlow's names. */
const readers: Readonly<Record<string, Reader>> = {
  Add: binary(add),
  AddV2: binary(add),
  BatchMatMul: (node) => product(node, ["adj_x", "adj_y"]),
  BatchMatMulV2: (node) => product(node, ["adj_x", "adj_y"]),
  BiasAdd: biased,
  Cast: (node) => cast(node.tensor(0), node.dtype("DstT")),
  ConcatV2: joined,
  Conv2D: convolved,
  Cos: unary(cos),
  Equal: binary(equal),
  Exp: unary(exp),
  ExpandDims: (node) => unsqueeze(node.tensor(0), [node.value(1)]),
  Fill: (node) => full(node.values(0), node.value(1), node.tensor(1).dtype),
  GatherNd: gatherTuples,
  GatherV2: (node) => gather(node.tensor(0), node.tensor(1), node.value(2)),
  Greater: binary(greater),
  GreaterEqual: binary(greaterEqual),
  Identity: (node) => node.tensor(0),
  Less: binary(less),
  LessEqual: binary(lessEqual),
  Log: unary(log),
  LogicalAnd: binary(logicalAnd),
  LogicalNot: unary(logicalNot),
  LogicalOr: binary(logicalOr),
  MatMul: (node) => product(node, ["transpose_a", "transpose_b"]),
  Max: reduction(max),
  Maximum: binary(maximum),
  Mean: reduction(mean),
  Min: reduction(min),
  Minimum: binary(minimum),
  Mul: binary(mul),
  Neg: unary(neg),
  Pack: (node) => stack(node.inputs, node.int("axis")),
  Pow: binary(pow),
  Prod: reduction(prod),
  Range: range,
  RealDiv: binary(div),
  Relu: unary(relu),
  Reshape: (node) => reshape(node.tensor(0), node.values(1)),
  Rsqrt: unary(rsqrt),
  ScatterNd: (node) => scattered(node.tensor(0), node.tensor(1), node.values(2)),
  SelectV2: (node) => where(node.tensor(0), node.tensor(1), node.tensor(2)),
  Shape: (node) => whole(node.tensor(0).shape),
  Sigmoid: unary(sigmoid),
  Sin: unary(sin),
  Slice: part,
  Softmax: unary(softmax),
  SparseToDense: dense,
  SplitV: parts,
  Sqrt: unary(sqrt),
  Square: unary(square),
  Squeeze: squeezed,
  StridedSlice: strided,
  Sub: binary(sub),
  Sum: reduction(sum),
  Tanh: unary(tanh),
  Tile: (node) => tile(node.tensor(0), node.values(1)),
  Transpose: (node) => transpose(node.tensor(0), node.values(1)),
  Where: truths,
};

/** The reader of an operation by TensorFlow's name. */
export function readerOf(op: string): Reader | undefined {
  return Object.hasOwn(readers, op) ? readers[op] : undefined;
}
