import { describe, expect, test } from "vitest";
import { compile } from "../../compile.ts";
import type { Tensor } from "../../graph/node.ts";
import { record } from "../../graph/record.ts";
import { Variable } from "../../graph/variable.ts";
import { add, conv, matmul, mean, mul, relu, reshape, sigmoid, softmax } from "../../ops/index.ts";
import { drawn } from "../../testing/onnx-nodes.ts";
import { expectClose } from "../../testing/references.ts";
import { type ClassifierHead, classifierHead, scoresOf } from "./classifier-head.ts";

const variable = (name: string, ...shape: number[]): Variable =>
  new Variable(shape, { name, initial: drawn(shape, name.length) });

const [body, head, bias] = [
  variable("body", 6, 5),
  variable("head", 5, 3),
  variable("bias", 3),
] as const;
const [kernel, scores] = [variable("kernel", 5, 6, 1, 1), variable("scores", 3, 5, 1, 1)] as const;

/** Scores of a product. */
const product = (x: Tensor): Tensor => add(matmul(relu(matmul(x, body)), head), bias);

/** Scores of a convolution that are averaged over places. */
function convolved(x: Tensor): Tensor {
  const grid = conv(relu(conv(x, kernel)), scores);
  return mean(relu(grid), { axes: [2, 3] });
}

/** The head of a function's output. */
function headOf(fn: (x: Tensor) => Tensor, shape: readonly number[]): ClassifierHead | undefined {
  let found: ClassifierHead | undefined;
  record(
    (x: Tensor) => {
      const output = fn(x);
      found = classifierHead(output);
      return output;
    },
    [{ dtype: "float32", shape }],
  );
  return found;
}

describe("classifierHead", () => {
  test.each<readonly [string, (x: Tensor) => Tensor, number[], Partial<ClassifierHead>]>([
    ["scores", product, [4, 6], { axis: 1, variables: [head, bias] }],
    ["probabilities", (x) => softmax(product(x)), [4, 6], { axis: 1, variables: [head, bias] }],
    ["averaged scores of places", convolved, [4, 6, 7, 8], { axis: 1, variables: [scores] }],
  ])("is found behind %s", (_, fn, shape, wanted) => {
    const { features, axis, variables } = headOf(fn, shape) as ClassifierHead;
    expect(features.shape).toEqual([4, 5, ...shape.slice(2)]);
    expect(axis).toBe(wanted.axis);
    expect(new Set(variables)).toEqual(new Set(wanted.variables));
  });

  test("gives the scores that probabilities are made from, in the output's shape", async () => {
    const probabilities = (x: Tensor): Tensor =>
      reshape(softmax(reshape(product(x), [4, 3, 1, 1]), { axis: 1 }), [4, 3]);
    const logits = (x: Tensor): Tensor =>
      (classifierHead(probabilities(x)) as ClassifierHead).logits;
    const x = drawn([4, 6], 3);
    expectClose(await compile(logits)(x), await compile(product)(x), 0);
  });

  test("leaves scores as they are, whatever the layers before them do", async () => {
    const hidden = (x: Tensor): Tensor => matmul(sigmoid(matmul(x, body)), head);
    const x = drawn([4, 6], 3);
    expectClose(await compile((x: Tensor) => scoresOf(hidden(x)))(x), await compile(hidden)(x), 0);
  });

  test("is not needed to find the scores, where two branches meet before them", async () => {
    const sums = (x: Tensor): Tensor => add(product(x), product(mul(x, x)));
    expect(headOf((x) => softmax(sums(x)), [4, 6])).toBeUndefined();
    const x = drawn([4, 6], 3);
    const got = await compile((x: Tensor) => scoresOf(softmax(sums(x))))(x);
    expectClose(got, await compile(sums)(x), 0);
    expectClose(await compile((x: Tensor) => scoresOf(sums(x)))(x), got, 0);
  });

  test.each<readonly [string, (x: Tensor) => Tensor]>([
    ["two branches meet behind the last products", (x) => mul(product(x), product(add(x, 1)))],
    ["nothing is learnt", (x) => softmax(x)],
    ["a product is of two values that follow from the input", (x) => matmul(x, matmul(body, x))],
  ])("is not found where %s", (_, fn) => {
    expect(headOf(fn, [5, 6])).toBeUndefined();
  });
});
