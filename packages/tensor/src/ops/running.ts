import { makeTensor, type OpSpec, type Tensor } from "../graph/node.ts";
import type { TensorType } from "../shape.ts";
import { type Operand, requireAxis, requireClass, toTensor } from "./define.ts";
import { inKernelType } from "./kernel-type.ts";

/** How sums run. */
export interface CumulativeSumOptions {
  /** The axis they run along; the last unless said. */
  readonly axis?: number;
  /** Whether each leaves its own element out. */
  readonly exclusive?: boolean;
  /** Whether they run from the end to the front. */
  readonly reverse?: boolean;
}

type CumulativeSumAttributes = {
  readonly axis: number;
  readonly exclusive: boolean;
  readonly reverse: boolean;
};

/** Sums of all that came before along an axis; `cumulativeSum`'s row. */
export const cumulativeSumSpec: OpSpec<CumulativeSumAttributes> = {
  name: "cumulativeSum",
  infer([x]) {
    requireClass("cumulativeSum", [x as TensorType], "number");
    return [x as TensorType];
  },
  gradient: ({ dy, attributes: { axis, exclusive, reverse } }, ops) => [
    ops.cumulativeSum(dy, { axis, exclusive, reverse: !reverse }),
  ],
  lower(emit, [x], { inputs, attributes: { axis, exclusive, reverse } }) {
    const { dtype } = inputs[0] as TensorType;
    const run = ([value]: readonly string[]): string =>
      emit.one("CumSum", [value as string, emit.scalar(axis, "int64")], {
        exclusive: Number(exclusive),
        reverse: Number(reverse),
      });
    return [inKernelType(emit, dtype, { uint8: "int32" }, [x as string], run)];
  },
};

/**
 * The sum of the elements up to each along an axis. `[..., N] -> [..., N]`
 *
 * @throws ShapeError when there is no such axis. @throws DTypeError for bool.
 */
export function cumulativeSum(x: Operand, options: CumulativeSumOptions = {}): Tensor {
  const tensor = toTensor(x);
  const { axis = -1, exclusive = false, reverse = false } = options;
  const front = requireAxis("cumulativeSum", axis, tensor);
  return makeTensor(cumulativeSumSpec, [tensor], { axis: front, exclusive, reverse });
}
