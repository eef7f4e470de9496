import type { Tensor } from "../../graph/node.ts";
import { constant } from "../../graph/source.ts";
import { hostTensor } from "../../host.ts";
import {
  add,
  arange,
  cast,
  equal,
  full,
  gather,
  gatherElements,
  greater,
  less,
  mod,
  mul,
  onesLike,
  reshape,
  scatterAdd,
  scatterRows,
  sub,
  sum,
  transpose,
  unsqueeze,
  where,
} from "../../ops/index.ts";
import { sizeOf, stridesOf } from "../../shape.ts";
import type { OnnxNode, Reader, ReaderTable } from "./onnx-node.ts";
import { kernel } from "./onnx-operation.ts";

/** Places that count from the back made to count from the front, as int64. */
function fromFront(indices: Tensor, size: number): Tensor {
  const places = cast(indices, "int64");
  return where(less(places, 0), add(places, size), places);
}

/** Tuples of places along the last axis as single places in the sizes they walk over, laid out row by row. */
function flatPlaces(indices: Tensor, space: readonly number[]): Tensor {
  const strides = constant(hostTensor(stridesOf(space), [space.length], "int64"));
  const ends = constant(hostTensor([...space], [space.length], "int64"));
  const places = cast(indices, "int64");
  const front = where(less(places, 0), add(places, ends), places);
  return sum(mul(front, strides), { axes: -1 });
}

function gatherTuples(node: OnnxNode): Tensor {
  const [x, indices] = [node.tensor(0), node.tensor(1)];
  const batch = node.int("batch_dims", 0);
  const width = indices.shape.at(-1) as number;
  const lead = x.shape.slice(0, batch);
  const space = x.shape.slice(batch, batch + width);
  const rest = x.shape.slice(batch + width);
  const rows = reshape(x, [sizeOf(lead) * sizeOf(space), ...rest]);
  let places = flatPlaces(indices, space);
  if (batch > 0) {
    const starts = mul(cast(arange(sizeOf(lead)), "int64"), sizeOf(space));
    const shape = [...lead, ...places.shape.slice(batch).map(() => 1)];
    places = add(places, reshape(starts, shape));
  }
  return gather(rows, places);
}

/** Values as numbers that can be added up, and back. */
function asNumbers(x: Tensor, build: (x: Tensor) => Tensor): Tensor {
  return x.dtype === "bool" ? cast(build(cast(x, "int32")), "bool") : build(x);
}

/** Puts updates where an addition to zeros puts them, and leaves x elsewhere. */
function replaced(x: Tensor, updates: Tensor, put: (to: Tensor, what: Tensor) => Tensor): Tensor {
  const zeros = full(x.shape, 0, x.dtype);
  const counts = put(full(x.shape, 0, "float32"), onesLike(cast(updates, "float32")));
  return where(greater(counts, 0), put(zeros, updates), x);
}

function scatterTuples(node: OnnxNode): Tensor {
  const [x, indices, updates] = [node.tensor(0), node.tensor(1), node.tensor(2)];
  const reduction = node.text("reduction", "none");
  if (reduction !== "none" && reduction !== "add") return scatterKernel(node, { reduction });
  const width = indices.shape.at(-1) as number;
  const [space, rest] = [x.shape.slice(0, width), x.shape.slice(width)];
  const places = flatPlaces(indices, space);
  const put = (to: Tensor, what: Tensor): Tensor => {
    const rows = reshape(to, [sizeOf(space), ...rest]);
    const flat = reshape(what, [sizeOf(places.shape), ...rest]);
    return reshape(scatterRows(rows, reshape(places, [sizeOf(places.shape)]), flat), x.shape);
  };
  if (reduction === "add") return put(x, updates);
  const isTruth = x.dtype === "bool";
  return asNumbers(x, (to) => replaced(to, isTruth ? cast(updates, "int32") : updates, put));
}

function scatterKernel(node: OnnxNode, attributes: { reduction: string; axis?: number }): Tensor {
  const [x, indices, updates] = [node.tensor(0), node.tensor(1), node.tensor(2)];
  const type = node.type === "ScatterND" ? "ScatterND" : "ScatterElements";
  return kernel(type, [x, cast(indices, "int64"), updates], {
    gives: [x],
    attributes,
  })[0] as Tensor;
}

function scatterSingles(node: OnnxNode): Tensor {
  const [x, indices, updates] = [node.tensor(0), node.tensor(1), node.tensor(2)];
  const axis = node.axis(0, x.shape.length);
  const reduction = node.text("reduction", "none");
  if (reduction !== "none" && reduction !== "add") return scatterKernel(node, { axis, reduction });
  const places = fromFront(indices, x.shape[axis] as number);
  const put = (to: Tensor, what: Tensor): Tensor => scatterAdd(to, places, what, axis);
  if (reduction === "add") return put(x, updates);
  const isTruth = x.dtype === "bool";
  return asNumbers(x, (to) => replaced(to, isTruth ? cast(updates, "int32") : updates, put));
}

/** off and on values at the places that ids name; ids count from the back where negative. */
function markedOnce(node: OnnxNode): Tensor {
  const ids = node.tensor(0);
  const depth = node.value(1);
  const values = node.tensor(2);
  const axis = node.axis(-1, ids.shape.length + 1);
  const places = cast(ids, "int64");
  const inside = mod(places, depth);
  const isInside = equal(where(less(places, 0), add(places, depth), places), inside);
  const line = reshape(
    cast(arange(depth), "int64"),
    Array.from({ length: ids.shape.length + 1 }, (_, i) => (i === axis ? depth : 1)),
  );
  const hits = equal(unsqueeze(where(isInside, inside, -1), [axis]), line);
  return where(hits, gather(values, 1), gather(values, 0));
}

/** The first so many steps of each sequence turned round. */
export function turnedSequences(x: Tensor, counts: Tensor, time: number, batch: number): Tensor {
  const [steps, examples] = [x.shape[time] as number, x.shape[batch] as number];
  const order = [batch, time, ...x.shape.flatMap((_, i) => (i === time || i === batch ? [] : [i]))];
  const moved = transpose(x, order);
  const lengths = reshape(cast(counts, "int32"), [examples, 1]);
  const line = reshape(arange(steps), [1, steps]);
  const places = where(less(line, lengths), sub(sub(lengths, 1), line), line);
  const starts = mul(reshape(arange(examples), [examples, 1]), steps);
  const rows = reshape(moved, [examples * steps, ...moved.shape.slice(2)]);
  const turned = gather(rows, add(places, starts));
  return transpose(
    turned,
    order.map((_, axis) => order.indexOf(axis)),
  );
}

/** Slices whose condition holds; which they are must be known, for the shape depends on it. */
function compressed(node: OnnxNode): Tensor {
  const x = node.tensor(0);
  const taken = node.values(1).flatMap((holds, i) => (holds ? [i] : []));
  const places = constant(hostTensor(taken, [taken.length], "int32"));
  if (node.has("axis")) return gather(x, places, node.axis(0, x.shape.length));
  return gather(reshape(x, [sizeOf(x.shape)]), places);
}

/** Where values are not zero, of values that are known. */
function nonZero(node: OnnxNode): Tensor {
  const { shape } = node.tensor(0);
  const strides = stridesOf(shape);
  const hits = node.values(0).flatMap((value, i) => (value === 0 ? [] : [i]));
  const places = shape.flatMap((size, axis) =>
    hits.map((at) => Math.floor(at / (strides[axis] as number)) % size),
  );
  return constant(hostTensor(places, [shape.length, hits.length], "int64"));
}

const gatherAt: Reader = (node) => {
  const x = node.tensor(0);
  return gather(x, wholeIndices(node), node.axis(0, x.shape.length));
};

function wholeIndices(node: OnnxNode): Tensor {
  const indices = node.tensor(1);
  return indices.dtype === "int64" ? indices : cast(indices, "int32");
}

/** Operations that read and write by places. */
export const indexingReaders: ReaderTable = {
  Compress: compressed,
  Gather: gatherAt,
  GatherElements: (node) => {
    const x = node.tensor(0);
    return gatherElements(x, wholeIndices(node), node.axis(0, x.shape.length));
  },
  GatherND: gatherTuples,
  NonZero: nonZero,
  OneHot: markedOnce,
  ReverseSequence: (node) =>
    turnedSequences(
      node.tensor(0),
      node.tensor(1),
      node.int("time_axis", 0),
      node.int("batch_axis", 1),
    ),
  Scatter: scatterSingles,
  ScatterElements: scatterSingles,
  ScatterND: scatterTuples,
};
