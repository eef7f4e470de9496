// P processes

import { DTypeError, GraphError, ShapeError } from "../errors.ts";
import type { Collectives } from "../graph/collectives.ts";
import { makeTensor, nondifferentiable, type OpSpec, type Tensor } from "../graph/node.ts";
import { type TensorType, typeText } from "../shape.ts";
import { type Operand, requireAxis, toTensor } from "./define.ts";
import { transpose } from "./movement.ts";
import { slice } from "./slice.ts";

type GroupAttributes = { readonly group: Collectives };

/** `turn` puts exchanges in the order in which they were traced, which is that of all processes. */
type ExchangeAttributes = GroupAttributes & { readonly turn: number };

/** A row of an operation that processes do together: a run stops there, and the host exchanges the values. */
function exchangeSpec(
  name: string,
  gradient: OpSpec<ExchangeAttributes>["gradient"],
  rows: (rows: number, size: number) => number = (count) => count,
): OpSpec<ExchangeAttributes> {
  return {
    name,
    gradient,
    infer([x], { group: { size } }) {
      const { shape, dtype } = x as TensorType;
      if (dtype !== "float32") {
        throw new DTypeError(name, `needs float32, got ${typeText(x as TensorType)}.`, [
          x as TensorType,
        ]);
      }
      const [first, ...rest] = shape;
      return [{ shape: first === undefined ? shape : [rows(first, size), ...rest], dtype }];
    },
    lower() {
      throw new GraphError(
        `${name}: processes can exchange values in a compiled function alone, not in a loop's step or a file.`,
      );
    },
    flops: () => 0,
  };
}

/** Every process gets the sums; `sumOverGroup`'s row. */
export const groupSumSpec = exchangeSpec("sumOverGroup", ({ dy }) => [dy]);
/** Every process gets the largest; `maxOverGroup`'s row. */
export const groupMaxSpec = exchangeSpec(
  "maxOverGroup",
  nondifferentiable("only one process holds the largest value; cut it off by stopGradient"),
);
/** All parts, one after the other; `gatherOverGroup`'s row. */
export const groupGatherSpec = exchangeSpec(
  "gatherOverGroup",
  ({ attributes: { group }, dy }, ops) => [ops.scatterOverGroup(dy, group)],
  (count, size) => count * size,
);
/** A part of the sums; `scatterOverGroup`'s row. */
export const groupScatterSpec = exchangeSpec(
  "scatterOverGroup",
  ({ attributes: { group }, dy }, ops) => [ops.gatherOverGroup(dy, group)],
  (count, size) => count / size,
);

/** The same values, whose gradients are summed over the processes; `copyToGroup`'s row. */
export const groupCopySpec: OpSpec<GroupAttributes> = {
  name: "copyToGroup",
  infer: (inputs) => [inputs[0] as TensorType],
  gradient: ({ attributes: { group }, dy }, ops) => [ops.sumOverGroup(dy, group)],
  lower: (_, inputs) => inputs,
  flops: () => 0,
};

/**
 * The sum of every process's values: g of Megatron-LM (Shoeybi et al. 2019, section 3), whose gradient is the identity,
 * for what follows is computed alike by all processes. `[...] -> [...]`
 *
 * @throws DTypeError when x is not float32.
 */
export function sumOverGroup(x: Operand, group: Collectives): Tensor {
  return exchanged(groupSumSpec, toTensor(x), group);
}

/**
 * The same values for work that the processes divide: f of Megatron-LM (Shoeybi et al. 2019, section 3). Its gradient is
 * the sum of every process's. `[...] -> [...]`
 */
export function copyToGroup(x: Operand, group: Collectives): Tensor {
  const tensor = toTensor(x);
  return group.size === 1 ? tensor : makeTensor(groupCopySpec, [tensor], { group });
}

/**
 * The largest of every process's values; it has no gradient. `[...] -> [...]`
 *
 * @throws DTypeError when x is not float32.
 */
export function maxOverGroup(x: Operand, group: Collectives): Tensor {
  return exchanged(groupMaxSpec, toTensor(x), group);
}

/**
 * Every process's part of an axis, put together, for work that the processes divide: its gradient is the processes'
 * part of the sums. `[..., N, ...] -> [..., P N, ...]`
 *
 * @throws DTypeError when x is not float32; ShapeError when there is no such axis.
 */
export function gatherOverGroup(x: Operand, group: Collectives, axis = 0): Tensor {
  return alongAxis(groupGatherSpec, toTensor(x), group, axis);
}

/**
 * This process's part of an axis of the sum over all processes; its gradient is put together from all parts.
 * `[..., P N, ...] -> [..., N, ...]`
 *
 * @throws DTypeError when x is not float32; ShapeError when the axis does not divide by the number of processes.
 */
export function scatterOverGroup(x: Operand, group: Collectives, axis = 0): Tensor {
  const tensor = toTensor(x);
  requireDivided("scatterOverGroup", tensor, group, axis);
  return alongAxis(groupScatterSpec, tensor, group, axis);
}

/**
 * This process's part of an axis of values that all processes hold alike. Its gradient is put together from all parts. `[..., P N, ...] -> [..., N, ...]`
 *
 * @throws ShapeError when the axis does not divide by the number of processes.
 */
export function partOfGroup(x: Operand, group: Collectives, axis = 0): Tensor {
  const tensor = toTensor(x);
  if (group.size === 1) return tensor;
  const length = requireDivided("partOfGroup", tensor, group, axis) / group.size;
  const front = requireAxis("partOfGroup", axis, tensor);
  const { rank } = group;
  return slice(copyToGroup(tensor, group), [rank * length], [(rank + 1) * length], {
    axes: [front],
  });
}

let turns = 0;

function exchanged(spec: OpSpec<ExchangeAttributes>, x: Tensor, group: Collectives): Tensor {
  return group.size === 1 ? x : makeTensor(spec, [x], { group, turn: turns++ });
}

/** The host exchanges whole rows: the axis comes first for it. */
function alongAxis(
  spec: OpSpec<ExchangeAttributes>,
  x: Tensor,
  group: Collectives,
  axis: number,
): Tensor {
  const front = requireAxis(spec.name, axis, x);
  if (front === 0 || group.size === 1) return exchanged(spec, x, group);
  const others = x.shape.map((_, i) => i).filter((i) => i !== front);
  const order = [front, ...others];
  const turned = exchanged(spec, transpose(x, order), group);
  const back = order.map((_, i) => order.indexOf(i));
  return transpose(turned, back);
}

function requireDivided(op: string, x: Tensor, { size }: Collectives, axis: number): number {
  const length = x.shape[requireAxis(op, axis, x)] as number;
  if (length % size === 0) return length;
  const rule = `axis ${axis} of ${typeText(x)} does not divide by ${size} processes.`;
  throw new ShapeError(op, rule, [x]);
}
