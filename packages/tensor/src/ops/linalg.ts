import { operandsText, ShapeError } from "../errors.ts";
import { makeTensor, type OpSpec, type Tensor } from "../graph/node.ts";
import { broadcast, type Shape, sizeOf, type TensorType, typeText } from "../shape.ts";
import { mul } from "./arithmetic.ts";
import { type Operand, requireClass, requireSameDType, toTensors } from "./define.ts";
import { reshape } from "./movement.ts";

/** How a product reads its operands; nothing is copied to transpose. */
export interface MatmulOptions {
  /** Whether the last two axes of a are exchanged. */
  readonly transposeA?: boolean;
  /** Whether the last two axes of b are exchanged. */
  readonly transposeB?: boolean;
  /** A number that the product is multiplied by. */
  readonly alpha?: number;
}

/** What a product does to its operands. */
export type MatmulAttributes = {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  readonly alpha: number;
};

/** Rows and columns of a matrix after an optional transposition. */
function matrixSizes({ shape }: TensorType, transposed: boolean): [rows: number, columns: number] {
  const [rows, columns] = shape.slice(-2) as [number, number];
  return transposed ? [columns, rows] : [rows, columns];
}

function inferMatmul([a, b]: readonly TensorType[], attributes: MatmulAttributes): TensorType[] {
  const types = [a as TensorType, b as TensorType] as const;
  const dtype = requireSameDType("matmul", types);
  requireClass("matmul", types, "float");
  const [rows, inner] = matrixSizes(types[0], attributes.transposeA);
  const [innerB, columns] = matrixSizes(types[1], attributes.transposeB);
  if (inner !== innerB)
    throw new ShapeError("matmul", innerSizesDiffer(types, inner, innerB), types);
  const batch = broadcast(types[0].shape.slice(0, -2), types[1].shape.slice(0, -2));
  if (!batch) {
    const got = `a ${typeText(types[0])}, b ${typeText(types[1])}`;
    throw new ShapeError("matmul", `leading sizes do not broadcast: ${got}.`, types);
  }
  return [{ shape: [...batch, rows, columns], dtype }];
}

function innerSizesDiffer(
  [a, b]: readonly [TensorType, TensorType],
  inner: number,
  innerB: number,
): string {
  const rule = `inner sizes differ: a ${typeText(a)} has ${inner}, b ${typeText(b)} has ${innerB}.`;
  return b.shape.slice(-2).includes(inner) ? `${rule} Did you mean transpose(b)?` : rule;
}

/** Products of matrices, batched over leading axes; `matmul`'s row. */
export const matmulSpec: OpSpec<MatmulAttributes> = {
  name: "matmul",
  infer: inferMatmul,
  gradient({ inputs: [a, b], dy, attributes: { transposeA, transposeB, alpha } }, ops) {
    const da = transposeA
      ? ops.matmul(b, dy, { transposeA: transposeB, transposeB: true, alpha })
      : ops.matmul(dy, b, { transposeB: !transposeB, alpha });
    const db = transposeB
      ? ops.matmul(dy, a, { transposeA: true, transposeB: transposeA, alpha })
      : ops.matmul(a, dy, { transposeA: !transposeA, alpha });
    return [ops.sumTo(da, a.shape), ops.sumTo(db, b.shape)];
  },
  lower(emit, inputs, { attributes: { transposeA, transposeB, alpha } }) {
    if (!transposeA && !transposeB && alpha === 1) return [emit.one("MatMul", inputs)];
    const flags = { transA: Number(transposeA), transB: Number(transposeB) };
    return [
      emit.one("FusedMatMul", inputs, { ...flags, alpha: { float: alpha } }, "com.microsoft"),
    ];
  },
  flops([a], [y], { transposeA }) {
    const [, inner] = matrixSizes(a as TensorType, transposeA);
    return 2 * inner * sizeOf((y as TensorType).shape);
  },
};

/**
 * The product of matrices, batched and broadcast over leading axes; a vector is a row on the left and a column
 * on the right. `[..., M, K], [..., K, N] -> [..., M, N]`
 *
 * @throws ShapeError when the inner sizes differ or the leading ones do not broadcast.
 */
export function matmul(a: Operand, b: Operand, options: MatmulOptions = {}): Tensor {
  const { transposeA = false, transposeB = false, alpha = 1 } = options;
  const [left, right] = toTensors([a, b]) as [Tensor, Tensor];
  for (const operand of [left, right]) {
    if (operand.shape.length === 0) {
      throw new ShapeError("matmul", "takes no scalars; use mul.", [left, right]);
    }
  }
  const attributes = { transposeA, transposeB, alpha };
  if (left.shape.length === 1 || right.shape.length === 1) {
    return vectorProduct(left, right, attributes);
  }
  // A shared right side makes one long product of the batch, whose gradient needs no sum over it.
  if (left.shape.length > 2 && right.shape.length === 2 && !transposeA) {
    const flat = reshape(left, [sizeOf(left.shape.slice(0, -1)), left.shape.at(-1) as number]);
    const y = makeTensor(matmulSpec, [flat, right], attributes);
    return reshape(y, [...left.shape.slice(0, -1), y.shape[1] as number]);
  }
  return makeTensor(matmulSpec, [left, right], attributes);
}

function vectorProduct(a: Tensor, b: Tensor, attributes: MatmulAttributes): Tensor {
  const isRow = a.shape.length === 1;
  const isColumn = b.shape.length === 1;
  const left = isRow
    ? reshape(a, attributes.transposeA ? [a.shape[0] as number, 1] : [1, a.shape[0] as number])
    : a;
  const right = isColumn
    ? reshape(b, attributes.transposeB ? [1, b.shape[0] as number] : [b.shape[0] as number, 1])
    : b;
  const y = matmul(left, right, attributes);
  const lead: Shape = y.shape.slice(0, -2);
  const [rows, columns] = y.shape.slice(-2) as [number, number];
  return reshape(y, [...lead, ...(isRow ? [] : [rows]), ...(isColumn ? [] : [columns])]);
}

/** Refuses what is no vector. */
function requireVectors(op: string, a: Operand, b: Operand): [a: Tensor, b: Tensor] {
  const types = toTensors([a, b]) as [Tensor, Tensor];
  if (types.some(({ shape }) => shape.length !== 1)) {
    throw new ShapeError(op, `takes two vectors, got ${operandsText(types)}.`, types);
  }
  return types;
}

/**
 * Every product of an element of a and one of b. `[M], [N] -> [M, N]`
 *
 * @throws ShapeError when a or b is no vector.
 */
export function outer(a: Operand, b: Operand): Tensor {
  const [column, row] = requireVectors("outer", a, b);
  return mul(reshape(column, [...column.shape, 1]), row);
}

/**
 * The sum of the products of two vectors' elements. `[N], [N] -> []`
 *
 * @throws ShapeError when a or b is no vector, or their sizes differ.
 */
export function dot(a: Operand, b: Operand): Tensor {
  const vectors = requireVectors("dot", a, b);
  const [{ shape: left }, { shape: right }] = vectors;
  if (left[0] !== right[0]) {
    throw new ShapeError("dot", `sizes differ: ${operandsText(vectors)}.`, vectors);
  }
  return matmul(...vectors);
}
