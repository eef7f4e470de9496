import { expect, test } from "vitest";
import { compile } from "../compile.ts";
import { gradients } from "../grad.ts";
import type { Tensor } from "../graph/node.ts";
import { input } from "../graph/source.ts";
import { type HostTensor, hostTensor } from "../host.ts";
import { norms } from "../testing/builders/norm.ts";
import { checkReferences, expectClose } from "../testing/references.ts";
import { batchNorm, batchNormInference, groupNorm, instanceNorm, rmsNorm } from "./norms.ts";
import { sum } from "./reduce.ts";
import { cast, full } from "./select.ts";

checkReferences(norms);

test("batchNorm gives the mean and variance of each call's own batch", async () => {
  const run = compile((x: Tensor) => batchNorm(x, full([2], 1), full([2], 0)));
  await run(hostTensor([Number.NaN, 1, 2, 3], [2, 2]));
  const [, mean, variance] = await run(hostTensor([1, 2, 5, 4], [2, 2]));
  expect(mean.toArray()).toEqual([3, 3]);
  expect(variance.toArray()).toEqual([4, 1]);
});

test("norms of no examples are empty, and move no parameter", async () => {
  const run = compile((x: Tensor, scale: Tensor, bias: Tensor) => {
    const norms = [
      batchNorm(x, scale, bias)[0],
      groupNorm(x, scale, bias, { groups: 1 }),
      instanceNorm(x, scale, bias),
      rmsNorm(x, scale),
    ];
    return norms.flatMap((y) => [y, ...gradients(sum(y), [scale])]);
  });
  const got = await run(hostTensor([], [0, 3, 3]), hostTensor([1, 2, 3]), hostTensor([1, 2, 3]));
  got.forEach((value, i) => {
    const wanted = i % 2 === 0 ? hostTensor([], [0, 3, 3]) : hostTensor([0, 0, 0]);
    expectClose(value, wanted, 0, `value ${i}`);
  });
});

test("half precision goes through float32", async () => {
  const run = compile((x: Tensor, vector: Tensor) => {
    const [short, ones] = [cast(x, "float16"), cast(vector, "float16")] as const;
    const norms = [
      batchNorm(short, ones, ones, { epsilon: 0 })[0],
      batchNormInference(short, [ones, ones, ones, ones], { epsilon: 0 }),
      rmsNorm(short, ones, { epsilon: 0 }),
    ];
    return norms.map((y) => cast(y, "float32"));
  });
  const got = await run(hostTensor([1, 7, 3, 1], [2, 2]), hostTensor([1, 1]));
  const wanted = [
    [0, 2, 2, 0],
    [1, 7, 3, 1],
    [0.2, 1.4, 3 / Math.sqrt(5), 1 / Math.sqrt(5)],
  ];
  wanted.forEach((values, i) => {
    expectClose(got[i] as HostTensor, hostTensor(values, [2, 2]), 1e-3, `norm ${i}`);
  });
});

const x = (...shape: number[]): Tensor => input("x", { shape, dtype: "float32" });

test.each<[string, () => unknown, string]>([
  [
    "rmsNorm's scale",
    () => rmsNorm(x(2, 4), x(2)),
    "needs one value of scale for each of the last axis, [4] for x f32[2,4], got f32[2].",
  ],
  ["rmsNorm's scalar", () => rmsNorm(x(), x(1)), "takes no scalar; it normalises the last axis."],
  [
    "batchNorm's bias",
    () => batchNorm(x(2, 3, 4), x(3), x(4)),
    "needs one value a channel, [3] for x f32[2,3,4], got f32[4].",
  ],
  [
    "batchNorm's rank",
    () => batchNorm(x(2), x(2), x(2)),
    "takes x [B, C, ...space], got x f32[2].",
  ],
  [
    "batchNormInference's variance",
    () => batchNormInference(x(2, 3), [x(3), x(3), x(3), x(1)]),
    "needs one value a channel, [3] for x f32[2,3], got f32[1].",
  ],
  [
    "groupNorm's groups",
    () => groupNorm(x(2, 3), undefined, undefined, { groups: 2 }),
    "groups is 2, which does not divide the 3 channels of x f32[2,3].",
  ],
  [
    "instanceNorm's scale",
    () => instanceNorm(x(2, 3, 4), x(4)),
    "needs one value a channel, [3] for x f32[2,3,4], got f32[4].",
  ],
])("refuses %s", (_, build, rule) => {
  expect(build).toThrow(expect.objectContaining({ name: "ShapeError", rule }));
});
