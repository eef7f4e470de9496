import type { Node, Tensor } from "../graph/node.ts";
import { variableOf } from "../graph/source.ts";
import type { Variable } from "../graph/variable.ts";
import { type MatmulAttributes, matmulSpec } from "../ops/linalg.ts";

/** A product of values with a weight. */
export interface WeightProduct {
  readonly x: Tensor;
  readonly weight: Variable;
  /** Whether the weight is `[out, in]`. */
  readonly isTransposed: boolean;
}

/** What a node multiplies by which weight, if it is such a product. */
export function weightProduct(node: Node): WeightProduct | undefined {
  if (node.spec.name !== matmulSpec.name) return undefined;
  const { transposeA, transposeB, alpha } = node.attributes as MatmulAttributes;
  const [x, right] = node.inputs as readonly [Tensor, Tensor];
  const weight = variableOf(right);
  if (weight?.shape.length !== 2 || transposeA || alpha !== 1) return undefined;
  return { x, weight, isTransposed: transposeB };
}
