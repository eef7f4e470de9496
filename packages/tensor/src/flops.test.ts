import { expect, test } from "vitest";
import { countParameters, flops, flopsByOperation } from "./flops.ts";
import { makeTensor, type OpSpec, type Tensor } from "./graph/node.ts";
import { Variable } from "./graph/variable.ts";
import { add, div, exp, matmul, mul, reshape, sum, transpose, where } from "./ops/index.ts";
import { causalMask } from "./ops/position.ts";
import type { Shape, TensorType } from "./shape.ts";

const float = (...shape: Shape): TensorType => ({ shape, dtype: "float32" });

test("a linear layer does 2 B in out + B out", () => {
  const weight = new Variable([5, 3]);
  const bias = new Variable([5]);
  const linear = (x: Tensor): Tensor => add(matmul(x, weight, { transposeB: true }), bias);
  expect(flopsByOperation(linear, float(7, 3))).toEqual({ matmul: 2 * 7 * 3 * 5, add: 7 * 5 });
  expect(flops(linear, float(7, 3))).toBe(2 * 7 * 3 * 5 + 7 * 5);
});

test("attention does two products and a softmax", () => {
  const [heads, length, width] = [2, 6, 4];
  const attention = (q: Tensor, k: Tensor, v: Tensor): Tensor => {
    const scores = matmul(q, k, { transposeB: true, alpha: 0.5 });
    const weights = exp(where(causalMask(length), scores, -1e9));
    const y = matmul(div(weights, sum(weights, { axes: -1, keepDims: true })), v);
    return reshape(transpose(y, [1, 0, 2]), [length, heads * width]);
  };
  const type = float(heads, length, width);
  const pairs = heads * length * length;
  expect(flopsByOperation(attention, type, type, type)).toEqual({
    matmul: 2 * (2 * pairs * width),
    where: pairs,
    exp: pairs,
    sum: pairs,
    div: pairs,
  });
});

test("a composite counts as what it is made of, without its operands", () => {
  const polynomial: OpSpec = {
    name: "polynomial",
    infer: ([x]) => [x as TensorType],
    gradient: "expansion",
    lower: (_, inputs) => inputs,
    expand: ([x], _, ops) => [ops.add(ops.mul(x as Tensor, x as Tensor), x as Tensor)],
  };
  const doubled = (x: Tensor): Tensor => makeTensor(polynomial, [mul(x, 2)], {});
  expect(flopsByOperation(doubled, float(3, 4))).toEqual({ polynomial: 24, mul: 12 });
});

test("parameters are counted once, without being allocated", () => {
  const shared = new Variable([100_000, 100_000]);
  expect(countParameters([shared, new Variable([5]), shared, new Variable([])])).toBe(1e10 + 6);
  expect(shared.allocated).toBe(false);
});
