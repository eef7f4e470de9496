import type { OpSpec, Tensor } from "../graph/node.ts";
import { broadcast, sameShape, sizeOf, type TensorType } from "../shape.ts";
import { type MatmulAttributes, matmulSpec } from "./linalg.ts";

/**
 * alpha a b + c for matrices, c broadcast: what the runtime adds while it multiplies. Rewrites make it of a product
 * and a sum; no public function does.
 */
export const gemmSpec: OpSpec<MatmulAttributes> = {
  name: "gemm",
  infer(inputs, attributes) {
    const [a, b, c] = inputs as readonly [TensorType, TensorType, TensorType];
    const [product] = matmulSpec.infer([a, b], attributes) as readonly [TensorType];
    const joined = broadcast(product.shape, c.shape);
    if (product.shape.length !== 2 || !joined || !sameShape(joined, product.shape)) {
      throw new Error("gemm takes matrices and a summand that broadcasts to their product.");
    }
    return [product];
  },
  gradient: "expansion",
  expand(inputs, attributes, { add, matmul }) {
    const [a, b, c] = inputs as readonly [Tensor, Tensor, Tensor];
    return [add(matmul(a, b, attributes), c)];
  },
  lower(emit, inputs, { attributes: { transposeA, transposeB, alpha } }) {
    const flags = { transA: Number(transposeA), transB: Number(transposeB) };
    return [emit.one("Gemm", inputs, { ...flags, alpha: { float: alpha } })];
  },
  flops: (inputs, outputs, attributes) =>
    (matmulSpec.flops?.(inputs, outputs, attributes) ?? 0) +
    sizeOf((outputs[0] as TensorType).shape),
};
