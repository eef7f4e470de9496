import type { Tensor } from "../../graph/node.ts";
import { constant } from "../../graph/source.ts";
import { hostTensor } from "../../host.ts";
import {
  add,
  arange,
  cast,
  concat,
  equal,
  expand,
  full,
  iota,
  mul,
  type PadMode,
  pad,
  reshape,
  slice,
  split,
  squeeze,
  tile,
  transpose,
  triangularLower,
  triangularUpper,
  unsqueeze,
} from "../../ops/index.ts";
import { broadcast, sizeOf } from "../../shape.ts";
import { decodeTensor } from "./decode-values.ts";
import { elementNumber, elementTypeOf } from "./element-types.ts";
import type { OnnxNode, ReaderTable } from "./onnx-node.ts";

/** Sizes as ONNX's shape tensors hold them. */
function sizes(values: readonly number[]): Tensor {
  return constant(hostTensor(values, [values.length], "int64"));
}

function reshaped(node: OnnxNode): Tensor {
  const x = node.tensor(0);
  const wanted = node.list("shape", 1) ?? [];
  const copies = node.int("allowzero", 0) === 0;
  const shape = wanted.map((size, axis) =>
    size === 0 && copies
      ? (x.shape[axis] ?? node.fail(`copies axis ${axis}, which is not there`))
      : size,
  );
  return reshape(x, shape);
}

function flattened(node: OnnxNode): Tensor {
  const x = node.tensor(0);
  const axis = node.axis(1, x.shape.length);
  return reshape(x, [sizeOf(x.shape.slice(0, axis)), sizeOf(x.shape.slice(axis))]);
}

function shapeOf(node: OnnxNode): Tensor {
  const { shape } = node.tensor(0);
  const ends = [node.int("start", 0), node.has("end") ? node.int("end", 0) : shape.length];
  return sizes(shape.slice(...ends));
}

function expanded(node: OnnxNode): Tensor {
  const x = node.tensor(0);
  const wanted = node.values(1);
  const shape = broadcast(x.shape, wanted);
  return shape
    ? expand(x, shape)
    : node.fail(`cannot bring ${x.shape.join("x")} to ${wanted.join("x")}`);
}

function sliced(node: OnnxNode): Tensor {
  const starts = node.list("starts", 1) ?? [];
  const ends = node.list("ends", 2) ?? [];
  const axes = node.list("axes", 3);
  const steps = node.optionalValues(4);
  return slice(node.tensor(0), starts, ends, { ...(axes && { axes }), ...(steps && { steps }) });
}

/** Parts of given sizes, or as equal as can be with a shorter last one. */
function parted(node: OnnxNode): Tensor[] {
  const x = node.tensor(0);
  const axis = node.axis(0, x.shape.length);
  const given = node.list("split", 1);
  if (given) return split(x, given, axis);
  const count = node.int("num_outputs", node.outputs.length);
  const size = x.shape[axis] as number;
  const most = Math.ceil(size / count);
  const parts = Array.from({ length: count }, (_, i) =>
    Math.max(0, Math.min(most, size - i * most)),
  );
  return split(x, parts, axis);
}

/** The border's widths by axis; before version 11 they were an attribute. */
function padWidths(node: OnnxNode, rank: number): { before: number[]; after: number[] } {
  const pads = node.ints("pads") ?? node.ints("paddings") ?? node.values(1);
  const axes = node.optionalValues(3) ?? Array.from({ length: rank }, (_, axis) => axis);
  const [before, after] = [new Array<number>(rank).fill(0), new Array<number>(rank).fill(0)];
  axes.forEach((axis, i) => {
    before[axis < 0 ? axis + rank : axis] = pads[i] as number;
    after[axis < 0 ? axis + rank : axis] = pads[i + axes.length] as number;
  });
  return { before, after };
}

/** Values of the other end before and behind every axis. */
function wrapped(x: Tensor, before: readonly number[], after: readonly number[]): Tensor {
  return x.shape.reduce((padded, size, axis) => {
    const [first, last] = [before[axis] as number, after[axis] as number];
    const part = (from: number, to: number): Tensor =>
      slice(padded, [from], [to], { axes: [axis] });
    const parts = [first && part(size - first, size), padded, last && part(0, last)];
    return concat(
      parts.filter((piece) => piece !== 0),
      axis,
    );
  }, x);
}

function bordered(node: OnnxNode): Tensor {
  const given = node.tensor(0);
  const { before, after } = padWidths(node, given.shape.length);
  const isCut = [...before, ...after].some((width) => width < 0);
  const x = isCut
    ? slice(
        given,
        before.map((width) => Math.max(0, -width)),
        given.shape.map((size, axis) => size + Math.min(0, after[axis] as number)),
      )
    : given;
  const widths = {
    before: before.map((width) => Math.max(0, width)),
    after: after.map((width) => Math.max(0, width)),
  };
  const mode = node.text("mode", "constant");
  if (mode === "wrap") return wrapped(x, widths.before, widths.after);
  const value = node.has("value") ? node.float("value", 0) : (node.optionalValues(2)?.[0] ?? 0);
  return pad(x, { ...widths, mode: mode as PadMode, value });
}

/** Copies along axes; version 1 named one axis. */
function tiled(node: OnnxNode): Tensor {
  const x = node.tensor(0);
  if (node.inputs.length < 3) return tile(x, node.values(1));
  return tile(x, new Array<number>(x.shape.length).fill(1).with(node.value(2), node.value(1)));
}

function filled(node: OnnxNode): Tensor {
  const proto = node.proto("value");
  const value = proto ? decodeTensor(proto) : hostTensor([0], [1]);
  return full(node.values(0), value.toArray()[0] ?? 0, value.dtype);
}

function constantOf(node: OnnxNode): Tensor {
  const proto = node.proto("value");
  if (proto) return node.around.constant(proto);
  const floats = node.floats("value_floats");
  if (floats) return constant(hostTensor(floats));
  const ints = node.ints("value_ints");
  if (ints) return sizes(ints);
  if (node.has("value_float")) return constant(hostTensor([node.float("value_float", 0)], []));
  if (node.has("value_int")) return constant(hostTensor([node.int("value_int", 0)], [], "int64"));
  return node.fail("holds texts or a sparse tensor, which Quire cannot hold");
}

/** start, start + step, ... up to limit. */
function ranged(node: OnnxNode): Tensor {
  const { dtype } = node.tensor(0);
  const [start, limit, step] = [0, 1, 2].map((i) => node.value(i)) as [number, number, number];
  const count = Math.max(0, Math.ceil((limit - start) / step));
  const numbers = cast(arange(count), dtype);
  const stretched = step === 1 ? numbers : mul(numbers, step);
  return start === 0 ? stretched : add(stretched, start);
}

/** Ones on a diagonal. */
function eye(node: OnnxNode): Tensor {
  const x = node.tensor(0);
  const type = elementTypeOf(node.int("dtype", 0)).dtype ?? x.dtype;
  const below = add(iota(x.shape, 0), node.int("k", 0));
  return cast(equal(below, iota(x.shape, 1)), type);
}

function triangle(node: OnnxNode): Tensor {
  const x = node.tensor(0);
  const diagonal = node.optionalValues(1)?.[0] ?? 0;
  const cut = node.int("upper", 1) === 1 ? triangularUpper : triangularLower;
  return x.dtype === "bool" ? cast(cut(cast(x, "uint8"), diagonal), "bool") : cut(x, diagonal);
}

/** Blocks of channels become blocks of places. */
function depthToSpace(node: OnnxNode): Tensor {
  const x = node.tensor(0);
  const block = node.int("blocksize", 1);
  const [batch, channels, rows, columns] = x.shape as [number, number, number, number];
  const depth = channels / block ** 2;
  const isDepthFirst = node.text("mode", "DCR") === "DCR";
  const split = isDepthFirst
    ? reshape(x, [batch, block, block, depth, rows, columns])
    : reshape(x, [batch, depth, block, block, rows, columns]);
  const moved = transpose(split, isDepthFirst ? [0, 3, 4, 1, 5, 2] : [0, 1, 4, 2, 5, 3]);
  return reshape(moved, [batch, depth, rows * block, columns * block]);
}

/** Blocks of places become channels. */
function spaceToDepth(node: OnnxNode): Tensor {
  const x = node.tensor(0);
  const block = node.int("blocksize", 1);
  const [batch, channels, rows, columns] = x.shape as [number, number, number, number];
  const [high, wide] = [rows / block, columns / block];
  const moved = transpose(
    reshape(x, [batch, channels, high, block, wide, block]),
    [0, 3, 5, 1, 2, 4],
  );
  return reshape(moved, [batch, channels * block ** 2, high, wide]);
}

/** The middle of axes, with zeros around where there is not enough. */
function centred(node: OnnxNode): Tensor {
  const x = node.tensor(0);
  const axes = node.ints("axes") ?? x.shape.map((_, axis) => axis);
  const wanted = node.values(1);
  return axes.reduce((cut, given, i) => {
    const axis = given < 0 ? given + x.shape.length : given;
    const [size, to] = [x.shape[axis] as number, wanted[i] as number];
    const start = Math.floor(Math.abs(size - to) / 2);
    if (to <= size) return slice(cut, [start], [start + to], { axes: [axis] });
    const none = x.shape.map(() => 0);
    return pad(cut, {
      before: none.with(axis, start),
      after: none.with(axis, to - size - start),
    });
  }, x);
}

/** How many values there are. */
function sizeOfTensor(node: OnnxNode): Tensor {
  return constant(hostTensor([sizeOf(node.tensor(0).shape)], [], "int64"));
}

/** Operations that move, cut and repeat values, and make them of nothing. */
export const movementReaders: ReaderTable = {
  Cast: (node) => node.as(node.tensor(0), node.int("to", 1)),
  CastLike: (node) => {
    const like = node.tensor(1);
    const type = node.around.typeOf(like)?.name ?? like.dtype;
    return node.as(node.tensor(0), elementNumber(type));
  },
  CenterCropPad: centred,
  Concat: (node) => {
    const parts = node.tensors();
    const [first] = parts as [Tensor];
    return concat(parts, node.axis(1, first.shape.length));
  },
  Constant: constantOf,
  ConstantOfShape: filled,
  DepthToSpace: depthToSpace,
  Expand: expanded,
  EyeLike: eye,
  Flatten: flattened,
  Pad: bordered,
  Range: ranged,
  Reshape: reshaped,
  Shape: shapeOf,
  Size: sizeOfTensor,
  Slice: sliced,
  SpaceToDepth: spaceToDepth,
  Split: parted,
  Squeeze: (node) => squeeze(node.tensor(0), node.list("axes", 1)),
  Tile: tiled,
  Transpose: (node) => {
    const x = node.tensor(0);
    return transpose(x, node.ints("perm") ?? x.shape.map((_, axis) => axis).reverse());
  },
  Trilu: triangle,
  Unsqueeze: (node) => unsqueeze(node.tensor(0), node.list("axes", 1) ?? []),
};
