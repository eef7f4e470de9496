import { expect, test } from "vitest";
import { compile } from "../../compile.ts";
import type { Tensor } from "../../graph/node.ts";
import { constant, input } from "../../graph/source.ts";
import { Variable } from "../../graph/variable.ts";
import { hostTensor } from "../../host.ts";
import {
  add,
  any,
  arange,
  cast,
  clip,
  concat,
  div,
  equal,
  expand,
  full,
  gather,
  matmul,
  max,
  mean,
  mul,
  prod,
  reshape,
  slice,
  split,
  stopGradient,
  sum,
  transpose,
  where,
} from "../../ops/index.ts";
import { knownValues } from "./known-values.ts";

const a = constant(hostTensor([1, 2, 3, 4, 5, 6], [2, 3], "int64"));
const b = constant(hostTensor([2, -1, 7], [3], "int64"));
const x = constant(hostTensor([0.5, -1.5, 2.25], [3]));

/** Arithmetic as exporters write it on sizes; each is held to what the runtime computes. */
const followed: readonly (readonly [name: string, tensor: Tensor])[] = [
  ["sums, broadcast", add(a, b)],
  ["quotients without their fraction", div(a, b)],
  ["other dtypes", cast(mul(x, 1.5), "int32")],
  ["truth values", cast(x, "bool")],
  ["choices", where(equal(b, -1), add(b, 5), 0)],
  ["other shapes", reshape(a, [3, 2])],
  ["other orders", transpose(a)],
  ["repetitions", expand(reshape(b, [3, 1]), [2, 3, 2])],
  ["every other, backwards", slice(a, [-1], [-5], { axes: [1], steps: [-2] })],
  ["joins", concat([a, expand(reshape(b, [1, 3]), [2, 3])], 1)],
  ["second parts", split(a, [1, 2], 1)[1] as Tensor],
  ["places, from the back too", gather(a, constant(hostTensor([-1, 0], [2], "int32")), 1)],
  ["counts", arange(4)],
  ["sums over axes", sum(a, { axes: 0 })],
  ["products", prod(a, { axes: [0, 1], keepDims: true })],
  ["extrema", max(a, { axes: 1 })],
  ["means", mean(x)],
  ["any", any(equal(b, 7))],
  ["bounds", clip(b, { min: 0, max: 5 })],
  ["constants of one number", full([2, 2], 3, "int64")],
  ["cut gradients", stopGradient(b)],
];

test.each(followed)("knows %s", async (_, tensor) => {
  const { value } = await compile(() => ({ value: tensor }))();
  expect(knownValues(tensor)).toEqual(value.toArray());
});

test("knows nothing of inputs, variables, and operations without a rule", () => {
  const given = input("x", { shape: [2], dtype: "float32" });
  const matrix = constant(hostTensor([1], [1, 1]));
  expect(knownValues(add(given, 1))).toBe(undefined);
  expect(knownValues(matmul(matrix, matrix))).toBe(undefined);
  expect(knownValues(full([2 ** 17], 1))).toBe(undefined);
  const run = compile(() => {
    const { tensor } = new Variable([1], { name: "v" });
    expect(knownValues(mul(tensor, 2))).toBe(undefined);
    return tensor;
  });
  return run();
});
