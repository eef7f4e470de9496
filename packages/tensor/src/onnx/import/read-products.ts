import { isFloating } from "../../dtype.ts";
import type { Tensor } from "../../graph/node.ts";
import { add, cast, einsum, matmul, mul, reshape, sub, transpose } from "../../ops/index.ts";
import { broadcast } from "../../shape.ts";
import type { OnnxNode, ReaderTable } from "./onnx-node.ts";
import { kernel } from "./onnx-operation.ts";

/** The shape of a product of matrices with batches, and of vectors. */
function productShape(a: Tensor, b: Tensor): number[] {
  const left = a.shape.length === 1 ? [1, ...a.shape] : a.shape;
  const right = b.shape.length === 1 ? [...b.shape, 1] : b.shape;
  const lead = broadcast(left.slice(0, -2), right.slice(0, -2)) ?? [];
  const rows = a.shape.length === 1 ? [] : left.slice(-2, -1);
  return [...lead, ...rows, ...(b.shape.length === 1 ? [] : right.slice(-1))];
}

/** The product of whole numbers, exactly. */
export function wholeProduct(a: Tensor, b: Tensor): Tensor {
  const gives = [{ shape: productShape(a, b), dtype: a.dtype }];
  return kernel("MatMul", [a, b], { gives })[0] as Tensor;
}

/** The product of floating-point or whole numbers. */
export function product(a: Tensor, b: Tensor): Tensor {
  return isFloating(a.dtype) ? matmul(a, b) : wholeProduct(a, b);
}

/** alpha A B + beta C, with optional transpositions. */
function general(node: OnnxNode): Tensor {
  const [a, b] = [node.tensor(0), node.tensor(1)];
  const transposeA = node.int("transA", 0) === 1;
  const transposeB = node.int("transB", 0) === 1;
  const c = node.optional(2);
  const alpha = node.float("alpha", 1);
  const y = isFloating(a.dtype)
    ? matmul(a, b, { transposeA, transposeB, alpha })
    : wholeProduct(transposeA ? transpose(a) : a, transposeB ? transpose(b) : b);
  if (!c) return y;
  const beta = node.float("beta", 1);
  return add(y, beta === 1 ? c : mul(c, beta));
}

function fused(node: OnnxNode): Tensor {
  const [a, b] = [node.tensor(0), node.tensor(1)];
  if (node.int("transBatchA", 0) === 1 || node.int("transBatchB", 0) === 1) {
    return node.fail("moves its batch, which Quire does not read");
  }
  return matmul(a, b, {
    transposeA: node.int("transA", 0) === 1 && a.shape.length > 1,
    transposeB: node.int("transB", 0) === 1 && b.shape.length > 1,
    alpha: node.float("alpha", 1),
  });
}

/** A zero point as int32, laid along the rows (a) or columns (b) it speaks of. */
export function zeroPoint(point: Tensor | undefined, side: "rows" | "columns"): Tensor | number {
  if (!point) return 0;
  const whole = cast(point, "int32");
  if (whole.shape.length !== 1 || side === "columns") return whole;
  return reshape(whole, [...whole.shape, 1]);
}

/** (A - a₀)(B - b₀) in whole numbers. */
function integerProduct(node: OnnxNode): Tensor {
  const [a, b] = [0, 1].map((i) => cast(node.tensor(i), "int32")) as [Tensor, Tensor];
  const left = sub(a, zeroPoint(node.optional(2), "rows"));
  return wholeProduct(left, sub(b, zeroPoint(node.optional(3), "columns")));
}

/** Products of matrices. */
export const productReaders: ReaderTable = {
  Einsum: (node) => einsum(node.text("equation", ""), ...node.tensors()),
  Gemm: general,
  MatMul: (node) => product(node.tensor(0), node.tensor(1)),
  MatMulInteger: integerProduct,
  Det: (node) => {
    const x = node.tensor(0);
    const gives = [{ shape: x.shape.slice(0, -2), dtype: x.dtype }];
    return kernel("Det", [x], { gives })[0] as Tensor;
  },
};

/** Products as ONNX Runtime fuses them. */
export const fusedProductReaders: ReaderTable = {
  FusedMatMul: fused,
  TransposeMatMul: fused,
};
