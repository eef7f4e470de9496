import { expect, test } from "vitest";
import { compile } from "../compile.ts";
import { gradients } from "../grad.ts";
import type { Tensor } from "../graph/node.ts";
import { input } from "../graph/source.ts";
import { hostTensor } from "../host.ts";
import { reductions } from "../testing/builders/reduce.ts";
import { checkReferences, expectClose } from "../testing/references.ts";
import { argmax, argmin } from "./argmax.ts";
import { mul } from "./arithmetic.ts";
import { any, logSumExp, max, mean, min, prod, sum, variance } from "./reduce.ts";

checkReferences(reductions);

const ofShape = (...shape: number[]) => input("x", { shape, dtype: "float32" });

test("an extremum over no values is refused, as is a variance of too few", () => {
  expect(() => max(ofShape(2, 0, 3), { axes: 1 })).toThrow(
    /^max: there are no values along axis 1 of x f32\[2,0,3\]\. \(at reduce\.test\.ts:\d+\)$/,
  );
  expect(() => argmin(ofShape(0), {})).toThrow(
    /^argmin: there are no values along axis 0 of x f32\[0\]\. \(at reduce\.test\.ts:\d+\)$/,
  );
  expect(() => variance(ofShape(3, 1), { axes: 1 })).toThrow(
    /^variance: needs more than 1 values with correction 1, x f32\[3,1\] has 1 over axes \[1\]\. \(at/,
  );
});

test("an axis that is not there is refused", () => {
  expect(() => sum(ofShape(2, 3), { axes: [0, 2] })).toThrow(
    /^sum: there is no axis 2 in x f32\[2,3\]: -2 to 1 are there\. \(at reduce\.test\.ts:\d+\)$/,
  );
  expect(() => argmax(ofShape())).toThrow(
    /^argmax: there is no axis -1 in x f32\[\]: a scalar has none\. \(at reduce\.test\.ts:\d+\)$/,
  );
});

test("a dtype that a reduction does not take is refused, even where nothing is reduced", () => {
  const count = input("n", { shape: [], dtype: "int32" });
  expect(() => mean(count)).toThrow(
    /^mean: takes floating-point values, got x i32\[\]; convert with cast\. \(at reduce\.test\.ts:\d+\)$/,
  );
  expect(() => any(ofShape(2))).toThrow(
    /^any: takes bool, got x f32\[2\]; convert with cast\. \(at reduce\.test\.ts:\d+\)$/,
  );
});

test("bytes and whole numbers are reduced in their dtype", async () => {
  const run = compile((x: Tensor) => [sum, max, min, prod].map((reduce) => reduce(x, { axes: 1 })));
  for (const dtype of ["uint8", "int32", "int64"] as const) {
    const results = await run(hostTensor([1, 2, 3, 4, 5, 6], [2, 3], dtype));
    const wanted = [
      [6, 15],
      [3, 6],
      [1, 4],
      [6, 120],
    ];
    results.forEach((result, i) => {
      expectClose(result, hostTensor(wanted[i] as number[], [2], dtype), 0, `${dtype} ${i}`);
    });
  }
});

test("the mean over no values is not a number", async () => {
  const result = await compile((x: Tensor) => mean(x, { axes: 0 }))(hostTensor([], [0, 2]));
  expect(result.toArray()).toEqual([Number.NaN, Number.NaN]);
});

test("where all of x is minus infinity, the gradient of logSumExp is 0", async () => {
  const run = compile((x: Tensor) => gradients(logSumExp(x), [x]));
  const [gradient] = await run(
    hostTensor(
      [-1, -1].map((x) => x / 0),
      [2],
    ),
  );
  expect(gradient?.toArray()).toEqual([0, 0]);
});

test("a product is differentiable three times, with a zero among its factors", async () => {
  // The only third derivative of x0 x1 x2 that is left is by each factor once, which is 1.
  const run = compile((x: Tensor, picks: readonly Tensor[]) =>
    picks.reduce<Tensor>((y, pick) => sum(mul(gradients(y, [x])[0] as Tensor, pick)), prod(x)),
  );
  const picks = [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ].map((row) => hostTensor(row));
  const result = await run(hostTensor([0, 3, 5]), picks);
  expect(result.item()).toBe(1);
});
