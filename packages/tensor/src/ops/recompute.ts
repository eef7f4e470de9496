import type { Graph } from "../graph/graph.ts";
import { makeTensor, nondifferentiable, type OpSpec, type Tensor } from "../graph/node.ts";
import { carriesGradient, input } from "../graph/source.ts";
import { closed, substituted } from "../graph/substitute.ts";
import type { TensorType } from "../shape.ts";

type RecomputeAttributes = { readonly body: Graph; readonly own: number };

/** The first of two values, which is there once the second one is; `after`'s row. A run stops between them. */
export const afterSpec: OpSpec = {
  name: "after",
  infer: (inputs) => [inputs[0] as TensorType],
  gradient: nondifferentiable("it orders what a gradient computes"),
  lower: (_, inputs) => [inputs[0] as string],
  flops: () => 0,
};

/** A value with the graph that computes it once more in the gradient; `recompute`'s row. */
export const recomputeSpec: OpSpec<RecomputeAttributes> = {
  name: "recompute",
  infer: (inputs) => [inputs[0] as TensorType],
  gradient({ inputs: [, ...given], attributes: { body, own }, dy, pullback }) {
    const slopes = pullback(body.outputs, body.inputs, [dy]);
    // Only what it starts from has to wait: what is computed from it waits with it.
    const late = new Map(
      body.inputs.map((slot, i) => {
        const value = given[i] as Tensor;
        return [slot, i < own ? makeTensor(afterSpec, [value, dy], {}) : value];
      }),
    );
    const placed = substituted(slopes, late);
    return [undefined, ...placed.map((slope) => (carriesGradient(slope) ? slope : undefined))];
  },
  lower: (_, inputs) => [inputs[0] as string],
  flops: () => 0,
};

/**
 * What a function gives, whose values on the way are not kept for the gradient but computed once more there (Chen et
 * al. 2016, section 4): only its arguments are kept, for a second run of it. `[...]... -> [...]`
 */
export function recompute(fn: (...xs: Tensor[]) => Tensor, ...xs: readonly Tensor[]): Tensor {
  const y = fn(...xs);
  const slots = xs.map((x) => input("kept", x));
  const inner = substituted([y], new Map(xs.map((x, i) => [x, slots[i] as Tensor])));
  const { body, around } = closed(inner, slots);
  return makeTensor(recomputeSpec, [y, ...xs, ...around], { body, own: xs.length });
}
