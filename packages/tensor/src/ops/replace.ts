import { operandsText, ShapeError } from "../errors.ts";
import { makeTensor, nondifferentiable, type OpSpec, type Tensor } from "../graph/node.ts";
import type { HostTensor } from "../host.ts";
import { sameShape, sizeOf, type TensorType } from "../shape.ts";
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
  patch: () => ({ of: 0, operands: [1, 2], apply: writeRows }),
  lower: (emit, inputs) => [emit.one("ScatterND", inputs)],
  flops: () => 0,
};

/** Writes rows over those that the tuples in `places` name. */
function writeRows(into: HostTensor, [places, rows]: readonly HostTensor[]): void {
  const tuples = (places as HostTensor).toArray();
  const depth = (places as HostTensor).shape.at(-1) as number;
  const width = sizeOf(into.shape.slice(depth));
  const { data } = rows as HostTensor<"float32">;
  for (let row = 0; row < tuples.length / depth; row++) {
    const tuple = tuples.slice(row * depth, (row + 1) * depth);
    const at = tuple.reduce(
      (place, index, axis) => place * (into.shape[axis] as number) + index,
      0,
    );
    (into.data as Float32Array).set(data.subarray(row * width, (row + 1) * width), at * width);
  }
}

/**
 * x with one row of each example and group replaced, the one whose number the example names. Where x is a variable
 * that the result is assigned to, the rows alone are written. `x [B, G, L, K], at int32 [B], rows [B, G, K] -> [B, G, L, K]`
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
