import { type DType, isInteger } from "../../dtype.ts";
import type { Attributes, OpSpec, Tensor } from "../../graph/node.ts";
import { constantSpec, constantValue } from "../../graph/source.ts";
import { clipSpec } from "../../ops/elementwise.ts";
import { gatherSpec } from "../../ops/gather.ts";
import { concatSpec, splitSpec } from "../../ops/join.ts";
import { expandSpec, reshapeSpec, transposeSpec } from "../../ops/movement.ts";
import { arangeSpec } from "../../ops/position.ts";
import { all, any, max, mean, min, prod, sum } from "../../ops/reduce.ts";
import { castSpec, stopGradientSpec, whereSpec } from "../../ops/select.ts";
import { sliceSpec } from "../../ops/slice.ts";
import { type Shape, sizeOf, stridesOf } from "../../shape.ts";

/** Values known while a graph is built, row by row. */
interface Known {
  readonly shape: Shape;
  readonly values: readonly number[];
}

/** How an operation's values follow from known ones. */
type Fold = (
  inputs: readonly [Known, Known, Known, ...Known[]],
  attributes: Attributes,
  output: Tensor,
) => readonly number[];

/** More values than this are no arithmetic on sizes. */
const MOST_VALUES = 2 ** 16;

/** Values at positions that advance by a stride an axis. */
function strided(
  values: readonly number[],
  shape: Shape,
  strides: readonly number[],
  offset = 0,
): number[] {
  let places = [offset];
  shape.forEach((size, axis) => {
    const stride = strides[axis] as number;
    places = places.flatMap((place) => Array.from({ length: size }, (_, i) => place + i * stride));
  });
  return places.map((place) => values[place] as number);
}

/** Values repeated along axes of size 1 to a shape. */
function spread({ values, shape }: Known, to: Shape): readonly number[] {
  const own = stridesOf(shape);
  const lead = to.length - shape.length;
  const strides = to.map((_, axis) =>
    axis < lead || shape[axis - lead] === 1 ? 0 : (own[axis - lead] as number),
  );
  return strided(values, to, strides);
}

function asDType(value: number, dtype: DType): number {
  if (dtype === "bool") return Number(value !== 0);
  if (dtype === "float32") return Math.fround(value);
  return isInteger(dtype) ? Math.trunc(value) : value;
}

function sliceValues(x: Known, attributes: Attributes, { shape }: Tensor): number[] {
  const { axes, starts, steps } = attributes as Readonly<Record<string, readonly number[]>>;
  const strides = stridesOf(x.shape);
  let offset = 0;
  axes?.forEach((axis, i) => {
    offset += (starts?.[i] as number) * (strides[axis] as number);
    strides[axis] = (strides[axis] as number) * (steps?.[i] as number);
  });
  return strided(x.values, shape, strides, offset);
}

/** Blocks that stand before, at and behind an axis. */
function concatValues(parts: readonly Known[], axis: number): number[] {
  const rows = sizeOf((parts[0] as Known).shape.slice(0, axis));
  return Array.from({ length: rows }, (_, row) =>
    parts.flatMap(({ shape, values }) => {
      const width = sizeOf(shape.slice(axis));
      return values.slice(row * width, (row + 1) * width);
    }),
  ).flat();
}

function splitValues(x: Known, attributes: Attributes, output: Tensor): number[] {
  const { axis, sizes } = attributes as { axis: number; sizes: readonly number[] };
  const start = sizes.slice(0, output.index).reduce((total, size) => total + size, 0);
  const strides = stridesOf(x.shape);
  return strided(x.values, output.shape, strides, start * (strides[axis] as number));
}

function gatherValues(x: Known, indices: Known, axis: number): number[] {
  const size = x.shape[axis] as number;
  const width = sizeOf(x.shape.slice(axis + 1));
  const rows = sizeOf(x.shape.slice(0, axis));
  return Array.from({ length: rows }, (_, row) =>
    indices.values.flatMap((index) => {
      const at = (row * size + (index < 0 ? index + size : index)) * width;
      return x.values.slice(at, at + width);
    }),
  ).flat();
}

/** Gathers values over axes into one. */
function reducer(join: (values: readonly number[]) => number): Fold {
  return ([x], attributes) => {
    const axes = attributes["axes"] as readonly number[];
    const strides = stridesOf(x.shape);
    const pick = (isReduced: boolean): number[] =>
      x.shape.map((size, axis) => (axes.includes(axis) === isReduced ? size : 1));
    const places = Array.from(x.values, (_, i) => i);
    const inner = strided(places, pick(true), strides);
    return strided(places, pick(false), strides).map((start) =>
      join(inner.map((step) => x.values[start + step] as number)),
    );
  };
}

const total = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
const same: Fold = ([x]) => x.values;

/** How values follow, by the row of the operation; element-wise rows say it themselves. */
const folds: ReadonlyMap<OpSpec, Fold> = new Map<OpSpec, Fold>([
  [constantSpec, (_, __, output) => constantValue(output)?.toArray() ?? []],
  [reshapeSpec, same],
  [stopGradientSpec, same],
  [expandSpec, ([x], _, { shape }) => spread(x, shape)],
  [arangeSpec, (_, __, { shape }) => Array.from({ length: sizeOf(shape) }, (_, i) => i)],
  [castSpec, same],
  [concatSpec, (parts, { axis }) => concatValues(parts, axis as number)],
  [splitSpec, ([x], attributes, output) => splitValues(x, attributes, output)],
  [sliceSpec, ([x], attributes, output) => sliceValues(x, attributes, output)],
  [gatherSpec, ([x, indices], { axis }) => gatherValues(x, indices, axis as number)],
  [
    transposeSpec,
    ([x], { permutation }, { shape }) => {
      const strides = stridesOf(x.shape);
      const order = permutation as readonly number[];
      const moved = order.map((axis) => strides[axis] as number);
      return strided(x.values, shape, moved);
    },
  ],
  [
    whereSpec,
    (inputs, _, { shape }) => {
      const [condition, a, b] = inputs.map((known) => spread(known, shape)) as [
        number[],
        number[],
        number[],
      ];
      return condition.map((holds, i) => (holds ? a[i] : b[i]) as number);
    },
  ],
  [
    clipSpec,
    ([x], { min, max }) => {
      const [low, high] = [min as number | undefined, max as number | undefined];
      return x.values.map((value) => Math.min(Math.max(value, low ?? value), high ?? value));
    },
  ],
  [sum.spec, reducer(total)],
  [mean.spec, reducer((values) => total(values) / values.length)],
  [prod.spec, reducer((values) => values.reduce((a, b) => a * b, 1))],
  [max.spec, reducer((values) => Math.max(...values))],
  [min.spec, reducer((values) => Math.min(...values))],
  [any.spec, reducer((values) => Math.max(0, ...values))],
  [all.spec, reducer((values) => Math.min(1, ...values))],
]);

/** An element-wise operation on known values. */
function elementwiseFold({ evaluate }: OpSpec): Fold | undefined {
  if (!evaluate) return undefined;
  return (inputs, _, { shape }) => {
    const operands = inputs.map((known) => spread(known, shape));
    return Array.from({ length: sizeOf(shape) }, (_, i) =>
      evaluate(...operands.map((values) => values[i] as number)),
    );
  };
}

const remembered = new WeakMap<Tensor, readonly number[] | "unknown">();

function compute(tensor: Tensor): readonly number[] | undefined {
  const { node } = tensor;
  const fold = folds.get(node.spec) ?? elementwiseFold(node.spec);
  if (!fold || sizeOf(tensor.shape) > MOST_VALUES) return undefined;
  const inputs: Known[] = [];
  for (const operand of node.inputs) {
    const values = knownValues(operand);
    if (!values) return undefined;
    inputs.push({ shape: operand.shape, values });
  }
  const values = fold(inputs as unknown as Parameters<Fold>[0], node.attributes, tensor);
  return values.map((value) => asDType(value, tensor.dtype));
}

/**
 * The values of a tensor that follows from constants alone, such as arithmetic on sizes, row by row; undefined
 * where it depends on inputs or variables.
 */
export function knownValues(tensor: Tensor): readonly number[] | undefined {
  const before = remembered.get(tensor);
  if (before) return before === "unknown" ? undefined : before;
  const values = compute(tensor);
  remembered.set(tensor, values ?? "unknown");
  return values;
}
