import type { Tensor } from "../../graph/node.ts";
import { layerNorm } from "../../ops/layer-norm.ts";
import { reshape } from "../../ops/movement.ts";
import {
  batchNorm,
  batchNormInference,
  groupNorm,
  instanceNorm,
  rmsNorm,
} from "../../ops/norms.ts";
import { full } from "../../ops/select.ts";
import { logSoftmax, softmax } from "../../ops/softmax.ts";
import type { Family } from "../stored-case.ts";

/** Norms of the last axis, over the stored last axes made one. */
function overLastAxes(
  [x, scale, bias]: readonly (Tensor | undefined)[],
  { axes }: { readonly axes: readonly number[] },
  norm: (x: Tensor, scale: Tensor, bias?: Tensor) => Tensor,
): Tensor {
  const { shape } = x as Tensor;
  const joined = shape.slice(-axes.length).reduce((product, size) => product * size, 1);
  const rows = reshape(x as Tensor, [...shape.slice(0, -axes.length), joined]);
  const flat = (vector: Tensor): Tensor => reshape(vector, [joined]);
  const y = norm(rows, scale ? flat(scale) : full([joined], 1), bias && flat(bias));
  return reshape(y, shape);
}

/** Norms and softmax. */
export const norms: Family = {
  name: "norm",
  builders: {
    softmax: ([x], { axis }) => softmax(x, { axis }),
    logSoftmax: ([x], { axis }) => logSoftmax(x, { axis }),
    layerNorm: (inputs, attributes) =>
      overLastAxes(inputs, attributes, (x, scale, bias) => layerNorm(x, scale, bias, attributes)),
    rmsNorm: (inputs, attributes) =>
      overLastAxes(inputs, attributes, (x, scale) => rmsNorm(x, scale, attributes)),
    batchNorm: ([x, scale, bias, ...given], { training, epsilon }) => {
      const [mean, variance] = given as unknown as readonly [Tensor, Tensor];
      return training
        ? batchNorm(x, scale, bias, { epsilon })
        : batchNormInference(x, [scale, bias, mean, variance], { epsilon });
    },
    groupNorm: ([x, scale, bias], attributes) => groupNorm(x, scale, bias, attributes),
    instanceNorm: ([x, scale, bias], attributes) => instanceNorm(x, scale, bias, attributes),
  },
  // Neighbouring float32 numbers near 1000 are too far apart for a difference, and rows without variance
  // bend within a step.
  kinked: ({ op, label }) =>
    (op === "logSoftmax" && label === "edge large") ||
    (op === "layerNorm" && label === "edge constant rows"),
};
