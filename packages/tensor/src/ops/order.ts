import { ShapeError } from "../errors.ts";
import { makeNode, type OpSpec, type Tensor } from "../graph/node.ts";
import { sizeOf, type TensorType, typeText } from "../shape.ts";
import { type Operand, requireAxis, requireClass, toTensor } from "./define.ts";

/** Values in order and where they stood, counted along the axis. */
export interface Ordered {
  readonly values: Tensor;
  /** int32. */
  readonly indices: Tensor;
}

/** Which values to take and where. */
export interface TopKOptions {
  /** The axis to order along; the last unless said. */
  readonly axis?: number;
  /** Whether the largest come first; the smallest otherwise. True unless said. */
  readonly largest?: boolean;
}

/** Which way to sort and where. */
export interface SortOptions {
  /** The axis to order along; the last unless said. */
  readonly axis?: number;
  /** Whether the largest come first. */
  readonly descending?: boolean;
}

type TopKAttributes = {
  /** A list of one, so that an export may leave it free. */
  readonly k: readonly number[];
  readonly axis: number;
  readonly largest: boolean;
};

/** The k largest or smallest along an axis and their positions; `topK`'s row. */
export const topKSpec: OpSpec<TopKAttributes> = {
  name: "topK",
  infer([x], { k, axis }) {
    requireClass("topK", [x as TensorType], "number");
    const { shape, dtype } = x as TensorType;
    const taken = shape.with(axis, k[0] as number);
    return [
      { shape: taken, dtype },
      { shape: taken, dtype: "int32" },
    ];
  },
  gradient: ({ inputs: [x], outputs: [, indices], dy, attributes: { axis } }, ops) => [
    ops.scatterAdd(ops.zerosLike(x), indices, dy, axis),
  ],
  lower(emit, [x], { outputs, attributes: { k, axis, largest } }) {
    const [values] = outputs as readonly [TensorType];
    // ONNX Runtime's kernel divides by the number of values and takes the process down at none.
    if (sizeOf(values.shape) === 0) {
      const size = emit.sizes(values.shape);
      return outputs.map(({ dtype }) => emit.one("Expand", [emit.scalar(0, dtype), size]));
    }
    const [ordered, places] = emit.many("TopK", [x as string, emit.sizes(k)], 2, {
      axis,
      largest: Number(largest),
    });
    return [ordered as string, emit.cast(places as string, "int32")];
  },
  flops: () => 0,
};

/**
 * The k largest values along an axis, the largest first, with their positions. Among equal values the one that
 * stands first comes first. `[..., N] -> values [..., k], indices int32 [..., k]`
 *
 * @throws ShapeError when there is no such axis or k is more than its size. @throws DTypeError for bool.
 */
export function topK(x: Operand, k: number, options: TopKOptions = {}): Ordered {
  const tensor = toTensor(x);
  const { axis = -1, largest = true } = options;
  const front = requireAxis("topK", axis, tensor);
  const size = tensor.shape[front] as number;
  if (!Number.isInteger(k) || k < 0 || k > size) {
    const rule = `k must be a whole number from 0 to ${size}, axis ${front}'s size in x ${typeText(tensor)}, got ${k}.`;
    throw new ShapeError("topK", rule, [tensor]);
  }
  const [values, indices] = makeNode(topKSpec, [tensor], { k: [k], axis: front, largest })
    .outputs as readonly [Tensor, Tensor];
  return { values, indices };
}

/**
 * All values along an axis in order, the smallest first unless said, with their positions; equal values keep
 * their order. `[..., N] -> values [..., N], indices int32 [..., N]`
 *
 * @throws ShapeError when there is no such axis. @throws DTypeError for bool.
 */
export function sort(x: Operand, options: SortOptions = {}): Ordered {
  const tensor = toTensor(x);
  const { axis = -1, descending = false } = options;
  const size = tensor.shape[requireAxis("sort", axis, tensor)] as number;
  return topK(tensor, size, { axis, largest: descending });
}
