import { operandsText, ShapeError } from "../errors.ts";
import { makeTensor, nondifferentiable, type OpSpec, type Tensor } from "../graph/node.ts";
import { sameShape, type TensorType } from "../shape.ts";
import { type Operand, requireSameDType, toTensor } from "./define.ts";
import { stack } from "./join.ts";
import { expand, reshape } from "./movement.ts";
import { iota } from "./position.ts";
import { cast } from "./select.ts";

/** Values put in the place of others, by the places' tuples; `replaceRows`'s row. */
export const replaceRowsSpec: OpSpec = {
  name: "replaceRows",
  infer(inputs) {
    const [x, places, rows] = inputs as readonly [TensorType, TensorType, TensorType];
    requireSameDType("replaceRows", [x, rows]);
    const depth = places.shape.at(-1) as number;
    const wanted = [...places.shape.slice(0, -1), ...x.shape.slice(depth)];
    if (!sameShape(rows.shape, wanted)) {
      const rule = `needs x [B, G, L, K] and rows [B, G, K], got ${operandsText(inputs)}.`;
      throw new ShapeError("replaceRows", rule, inputs);
    }
    return [x];
  },
  gradient: nondifferentiable("it writes to what a model remembers; use where to differentiate"),
  updates: { 0: 0 },
  lower: (emit, inputs) => [emit.one("ScatterND", inputs)],
  flops: () => 0,
};

/**
 * x with one row of each example and group replaced, the one whose number the example names. Where x is a variable
 * that nothing else reads, the row alone is written. `x [B, G, L, K], at int32 [B], rows [B, G, K] -> [B, G, L, K]`
 *
 * @throws ShapeError when at or rows do not fit x.
 */
export function replaceRows(x: Operand, at: Operand, rows: Operand): Tensor {
  const [into, values] = [toTensor(x), toTensor(rows)];
  const [batch = 0, groups = 0] = into.shape;
  const shape = [batch, groups];
  const row = expand(reshape(toTensor(at, "int32"), [batch, 1]), shape);
  const places = cast(stack([iota(shape, 0), iota(shape, 1), row], 2), "int64");
  return makeTensor(replaceRowsSpec, [into, places, values], {});
}
