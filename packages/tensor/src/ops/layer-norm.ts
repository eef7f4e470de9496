import { ShapeError } from "../errors.ts";
import { makeNode, type OpSpec, type Tensor } from "../graph/node.ts";
import { sameShape, sizeOf, type TensorType, typeText } from "../shape.ts";
import { type Operand, requireClass, requireSameDType, toTensor } from "./define.ts";

type LayerNormAttributes = { readonly epsilon: number };

/** How a normalisation guards against a variance of zero. */
export interface NormOptions {
  /** Added to the variance. */
  readonly epsilon?: number;
}

/** Layer normalisation with its mean and inverse deviation as further outputs; `layerNorm`'s row. */
export const layerNormSpec: OpSpec<LayerNormAttributes> = {
  name: "layerNorm",
  infer(inputs) {
    requireClass("layerNorm", inputs, "float");
    requireSameDType("layerNorm", inputs);
    const [x, scale, bias] = inputs as readonly [TensorType, TensorType, TensorType?];
    const width = x.shape.slice(-1);
    for (const vector of [scale, bias ?? scale]) {
      if (x.shape.length === 0 || !sameShape(vector.shape, width)) {
        const rule = `scale and bias must be [${width.join()}] for x ${typeText(x)}, got ${typeText(vector)}.`;
        throw new ShapeError("layerNorm", rule, inputs);
      }
    }
    const rows = { shape: [...x.shape.slice(0, -1), 1], dtype: x.dtype };
    return [x, rows, rows];
  },
  // With n = (x - mean) / deviation and g = dy * scale: dx = (g - mean(g) - n mean(g n)) / deviation.
  gradient({ inputs: [x, scale, bias], outputs: [, mean, inverse], dy, gradients }, ops) {
    const rows = x.shape.slice(0, -1).map((_, axis) => axis);
    const normal = ops.mul(ops.sub(x, mean), inverse);
    const product = ops.mul(dy, normal);
    const width = x.shape.at(-1) as number;
    const column = ops.reshape(ops.mul(scale, 1 / width), [width, 1]);
    const g = ops.mul(dy, scale);
    const centred = ops.sub(
      ops.sub(g, ops.matmul(dy, column)),
      ops.mul(normal, ops.matmul(product, column)),
    );
    let dx = ops.mul(centred, inverse);
    const [, dMean, dInverse] = gradients;
    if (dMean) dx = ops.add(dx, ops.mul(dMean, 1 / width));
    // d(1/deviation)/dx = -n / (width deviation²)
    if (dInverse) {
      const slope = ops.mul(ops.mul(dInverse, ops.mul(inverse, inverse)), -1 / width);
      dx = ops.add(dx, ops.mul(normal, slope));
    }
    const dScale = ops.sum(product, { axes: rows });
    return bias ? [dx, dScale, ops.sum(dy, { axes: rows })] : [dx, dScale];
  },
  lower(emit, inputs, { attributes: { epsilon } }) {
    const attributes = { axis: -1, epsilon: { float: epsilon } };
    return emit.many("LayerNormalization", inputs, 3, attributes);
  },
  flops: ([x]) => 8 * sizeOf((x as TensorType).shape),
};

/**
 * Each row centred, divided by its deviation, scaled and shifted (Ba et al. 2016, eq. 4).
 * `[..., D], [D], [D] -> [..., D]`
 *
 * @throws ShapeError when scale or bias is not `[D]`.
 */
export function layerNorm(
  x: Operand,
  scale: Operand,
  bias?: Operand,
  { epsilon = 1e-5 }: NormOptions = {},
): Tensor {
  const inputs = bias === undefined ? [x, scale] : [x, scale, bias];
  return makeNode(
    layerNormSpec,
    inputs.map((operand) => toTensor(operand)),
    { epsilon },
  ).outputs[0] as Tensor;
}
