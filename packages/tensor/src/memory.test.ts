import { expect, test } from "vitest";
import { gradients } from "./grad.ts";
import type { Tensor } from "./graph/node.ts";
import { Variable } from "./graph/variable.ts";
import { estimateMemory } from "./memory.ts";
import { add, exp, matmul, mul, reshape, sub, sum, tanh } from "./ops/index.ts";
import type { Shape, TensorType } from "./shape.ts";

const float = (...shape: Shape): TensorType => ({ shape, dtype: "float32" });

test("a chain of element-wise operations needs one value at a time", () => {
  const chain = (x: Tensor): Tensor => sum(reshape(tanh(exp(reshape(mul(x, x), [6, 2]))), [12]));
  expect(estimateMemory(chain, float(3, 4))).toEqual({
    variables: new Map(),
    traffic: 4 * (12 + 1),
    working: 4 * 12,
  });
});

test("what is needed later is kept", () => {
  const two = (x: Tensor): Tensor => {
    const [left, right] = [matmul(x, x), exp(x)];
    return sum(matmul(add(left, tanh(left)), right));
  };
  // left, tanh(left), right; or left + tanh(left), right and their product.
  expect(estimateMemory(two, float(10, 10)).working).toBe(4 * 300);
});

test("variables count once read, twice assigned; a step keeps what its gradient needs", () => {
  const [weight, shift] = [new Variable([8, 5]), new Variable([5])];
  const step = (x: Tensor): { loss: Tensor } => {
    const y = tanh(add(matmul(x, weight), shift));
    const loss = sum(mul(y, y));
    const [slope] = gradients(loss, [weight]);
    weight.assign(sub(weight, mul(slope as Tensor, 0.1)));
    return { loss };
  };
  const { variables, traffic, working } = estimateMemory(step, float(7, 8));
  expect(variables).toEqual(
    new Map([
      [weight, 4 * 2 * 40],
      [shift, 4 * 5],
    ]),
  );
  expect(traffic).toBe(4 * (7 * 8 + 1));
  expect(working).toBeGreaterThanOrEqual(4 * (2 * 35));
  expect(working).toBeLessThanOrEqual(4 * (3 * 35 + 40));
});
