import { DTypeError, operandsText, ShapeError } from "../errors.ts";
import type { Emit } from "../graph/emit.ts";
import { makeTensor, type OpSpec, type Ops, type Tensor } from "../graph/node.ts";
import type { TensorType } from "../shape.ts";
import { type Shape, sameShape, sizeOf, typeText } from "../shape.ts";
import { type Operand, requireAxis, requireClass, requireSameDType, toTensor } from "./define.ts";
import { inKernelType } from "./kernel-type.ts";

type AxisAttribute = { readonly axis: number };

/** Refuses indices that are no int32 or int64. */
function requireIndices(op: string, types: readonly TensorType[]): void {
  const { dtype } = types[1] as TensorType;
  if (dtype !== "int32" && dtype !== "int64") {
    const rule = `indices must be int32 or int64, got ${operandsText(types)}; convert with cast.`;
    throw new DTypeError(op, rule, types);
  }
}

/** Elements along an axis by their positions; `gather`'s row. */
export const gatherSpec: OpSpec<AxisAttribute> = {
  name: "gather",
  infer(inputs, { axis }) {
    const [x, indices] = inputs as readonly [TensorType, TensorType];
    requireIndices("gather", inputs);
    const shape = [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)];
    return [{ shape, dtype: x.dtype }];
  },
  gradient: ({ inputs: [x, indices], dy, attributes: { axis } }, ops) => [
    addBack(x, indices, dy, axis, ops),
    undefined,
  ],
  lower: (emit, inputs, { attributes: { axis } }) => [emit.one("Gather", inputs, { axis })],
  flops: () => 0,
};

/** Zeros of x's shape to which every gathered slice's gradient is added where the slice came from. */
function addBack(x: Tensor, indices: Tensor, dy: Tensor, axis: number, ops: Ops): Tensor {
  const axes = x.shape.map((_, i) => i);
  const toFront = [axis, ...axes.filter((i) => i !== axis)];
  const picked = indices.shape.length;
  const places = dy.shape.map((_, i) => i);
  const slices = [
    ...places.slice(axis, axis + picked),
    ...places.filter((i) => i < axis || i >= axis + picked),
  ];
  const rows = ops.full(
    toFront.map((i) => x.shape[i] as number),
    0,
    dy.dtype,
  );
  const added = ops.scatterRows(rows, indices, ops.transpose(dy, slices));
  const back = axes.map((i) => toFront.indexOf(i));
  return ops.transpose(added, back);
}

/**
 * Slices of x along an axis, the first unless said, by their positions; negative ones count from the back.
 * `[V, D], [B, T] -> [B, T, D]`
 *
 * @throws ShapeError when there is no such axis. @throws DTypeError when the indices are no int32 or int64.
 */
export function gather(x: Operand, indices: Operand, axis = 0): Tensor {
  const tensor = toTensor(x);
  const front = requireAxis("gather", axis, tensor);
  return makeTensor(gatherSpec, [tensor, toTensor(indices, "int32")], { axis: front });
}

/**
 * Rows of a table by their numbers. `table [V, D], ids [...] -> [..., D]`
 *
 * @throws ShapeError when the table has not two axes. @throws DTypeError when the ids are no int32 or int64.
 */
export function embedding(table: Operand, ids: Operand): Tensor {
  const rows = toTensor(table);
  if (rows.shape.length !== 2) {
    throw new ShapeError("embedding", `the table must be [V, D], got ${typeText(rows)}.`, [rows]);
  }
  return gather(rows, ids);
}

/** Refuses indices that are not, axis by axis, at most as many as x's elements, other than along the axis. */
function requireWithin(op: string, inputs: readonly TensorType[], axis: number): void {
  const [x, indices] = inputs as readonly [TensorType, TensorType];
  requireIndices(op, inputs);
  const isWithin =
    x.shape.length === indices.shape.length &&
    indices.shape.every((size, i) => i === axis || size <= (x.shape[i] as number));
  if (!isWithin) {
    const rule = `indices must have x's axes and, but for axis ${axis}, at most its sizes, got ${operandsText(inputs)}.`;
    throw new ShapeError(op, rule, inputs);
  }
}

/** Single elements by their positions along an axis; `gatherElements`'s row. */
export const gatherElementsSpec: OpSpec<AxisAttribute> = {
  name: "gatherElements",
  infer(inputs, { axis }) {
    requireWithin("gatherElements", inputs, axis);
    const [x, indices] = inputs as readonly [TensorType, TensorType];
    return [{ shape: indices.shape, dtype: x.dtype }];
  },
  gradient: ({ inputs: [x, indices], dy, attributes: { axis } }, ops) => [
    ops.scatterAdd(ops.zerosLike(x), indices, dy, axis),
    undefined,
  ],
  lower: (emit, inputs, { attributes: { axis } }) => [emit.one("GatherElements", inputs, { axis })],
  flops: () => 0,
};

/**
 * One element of x for each index, at the index's own place but for the axis, where the index says.
 * `[N, C], [N, K] -> [N, K] along axis 1`
 *
 * @throws ShapeError when the indices do not fit x. @throws DTypeError when they are no int32 or int64.
 */
export function gatherElements(x: Operand, indices: Operand, axis: number): Tensor {
  const tensor = toTensor(x);
  const front = requireAxis("gatherElements", axis, tensor);
  return makeTensor(gatherElementsSpec, [tensor, toTensor(indices, "int32")], { axis: front });
}

/** Additions at positions along an axis; `scatterAdd`'s row. */
export const scatterAddSpec: OpSpec<AxisAttribute> = {
  name: "scatterAdd",
  infer(inputs, { axis }) {
    const [x, indices, updates] = inputs as readonly [TensorType, TensorType, TensorType];
    requireWithin("scatterAdd", inputs, axis);
    requireClass("scatterAdd", [x], "number");
    requireSameDType("scatterAdd", [x, updates]);
    if (!sameShape(indices.shape, updates.shape)) {
      const rule = `there must be as many updates as indices, got ${operandsText(inputs)}.`;
      throw new ShapeError("scatterAdd", rule, inputs);
    }
    return [x];
  },
  gradient: ({ inputs: [, indices], dy, attributes: { axis } }, ops) => [
    dy,
    undefined,
    ops.gatherElements(dy, indices, axis),
  ],
  lower(emit, [x, indices, updates], { inputs: [type], attributes: { axis } }) {
    const values = [x as string, updates as string];
    const { dtype } = type as TensorType;
    const run = ([to, from]: readonly string[]): string =>
      emit.one("ScatterElements", [to as string, indices as string, from as string], {
        axis,
        reduction: "add",
      });
    return [inKernelType(emit, dtype, { float16: "float32" }, values, run)];
  },
  flops: (inputs) => sizeOf((inputs[2] as TensorType).shape),
};

/**
 * x with every update added at the update's own place but for the axis, where the index says; what meets in
 * one place adds up. `[N, C], [N, K], [N, K] -> [N, C] along axis 1`
 *
 * @throws ShapeError when indices and updates do not fit x. @throws DTypeError when dtypes do not.
 */
export function scatterAdd(x: Operand, indices: Operand, updates: Operand, axis: number): Tensor {
  const tensor = toTensor(x);
  const front = requireAxis("scatterAdd", axis, tensor);
  const inputs = [tensor, toTensor(indices, "int32"), toTensor(updates, tensor.dtype)];
  return makeTensor(scatterAddSpec, inputs, { axis: front });
}

/** Additions of whole rows by their numbers; `scatterRows`'s row. */
export const scatterRowsSpec: OpSpec = {
  name: "scatterRows",
  infer(inputs) {
    const [x, indices, updates] = inputs as readonly [TensorType, TensorType, TensorType];
    requireIndices("scatterRows", inputs);
    requireClass("scatterRows", [x], "number");
    requireSameDType("scatterRows", [x, updates]);
    if (!sameShape(updates.shape, [...indices.shape, ...x.shape.slice(1)])) {
      const rule = `updates must be a row of x for each index, got ${operandsText(inputs)}.`;
      throw new ShapeError("scatterRows", rule, inputs);
    }
    return [x];
  },
  gradient: ({ inputs: [, indices], dy }, ops) => [dy, undefined, ops.gather(dy, indices)],
  lower(emit, [x, indices, updates], { inputs }) {
    const [type, { shape }] = inputs as readonly [TensorType, TensorType, TensorType];
    const rows = sizeOf(shape);
    if (sizeOf((inputs[2] as TensorType).shape) === 0) return [x as string];
    const places = emit.one("Reshape", [
      emit.cast(indices as string, "int64"),
      emit.sizes([rows, 1]),
    ]);
    const rest = type.shape.slice(1);
    const flat = emit.one("Reshape", [updates as string, emit.sizes([rows, ...rest])]);
    const addition = { rows, row: rest, table: sizeOf(type.shape) };
    const run = ([to, from]: readonly string[]): string =>
      addRows(emit, [to as string, places, from as string], addition);
    return [inKernelType(emit, type.dtype, { float16: "float32" }, [x as string, flat], run)];
  },
  flops: (inputs) => sizeOf((inputs[2] as TensorType).shape),
};

/** The most elements that one ScatterND may add: ONNX Runtime shares out 210,000 and more among threads. */
const SERIAL_ELEMENTS = 131_072;

/** The size of a table from which ScatterElements, slow but done once, beats a copy of the table for each piece. */
const LARGE_TABLE = 2 ** 24;

/** What is added: how many rows of which shape, to a table of how many elements. */
interface RowAddition {
  readonly rows: number;
  readonly row: Shape;
  readonly table: number;
}

/**
 * Rows added one after the other. ScatterND's kernel on the processor loses additions when threads meet in one
 * row, so the rows go in pieces that are too small for it to share out.
 */
function addRows(
  emit: Emit,
  [x, places, updates]: readonly [string, string, string],
  { rows, row, table }: RowAddition,
): string {
  const piece = Math.max(1, Math.floor(SERIAL_ELEMENTS / sizeOf(row)));
  const count = Math.ceil(rows / piece);
  const add = (to: string, at: string, what: string): string =>
    emit.one("ScatterND", [to, at, what], { reduction: "add" });
  if (count === 1) return add(x, places, updates);
  if (table >= LARGE_TABLE) {
    const column = emit.one("Reshape", [places, emit.sizes([rows, ...row.map(() => 1)])]);
    const everywhere = emit.one("Expand", [column, emit.sizes([rows, ...row])]);
    return emit.one("ScatterElements", [x, everywhere, updates], { axis: 0, reduction: "add" });
  }
  const lengths = Array.from({ length: count }, (_, i) => Math.min(piece, rows - i * piece));
  const cut = (value: string): readonly string[] =>
    emit.many("Split", [value, emit.sizes(lengths)], count, { axis: 0 });
  const at = cut(places);
  return cut(updates).reduce((to, what, i) => add(to, at[i] as string, what), x);
}

/**
 * x with rows added to the rows of the given numbers; what meets in one row adds up.
 * `[V, D], [...], [..., D] -> [V, D]`
 *
 * @throws ShapeError when the updates are not a row for each index. @throws DTypeError when dtypes do not fit.
 */
export function scatterRows(x: Operand, indices: Operand, updates: Operand): Tensor {
  const tensor = toTensor(x);
  requireAxis("scatterRows", 0, tensor);
  const inputs = [tensor, toTensor(indices, "int32"), toTensor(updates, tensor.dtype)];
  return makeTensor(scatterRowsSpec, inputs, {});
}
