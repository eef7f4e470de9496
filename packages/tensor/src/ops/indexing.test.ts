import { expect, test } from "vitest";
import { compile } from "../compile.ts";
import type { Tensor } from "../graph/node.ts";
import { input } from "../graph/source.ts";
import { hostTensor } from "../host.ts";
import { indexing } from "../testing/builders/indexing.ts";
import { checkReferences } from "../testing/references.ts";
import { sort, topK } from "./order.ts";
import { arange, causalMask, iota, oneHot } from "./position.ts";
import { cumulativeSum } from "./running.ts";
import { triangularLower, triangularUpper } from "./triangular.ts";

checkReferences(indexing);

test("positions count from 0 along their axis", async () => {
  const build = compile(() => [arange(4), arange(0), iota([2, 3], 1), iota([2, 3]), causalMask(3)]);
  const results = await build();
  expect(results.map(({ dtype, shape }) => [dtype, shape])).toEqual([
    ["int32", [4]],
    ["int32", [0]],
    ["int32", [2, 3]],
    ["int32", [2, 3]],
    ["bool", [3, 3]],
  ]);
  expect(results.map((result) => result.toArray())).toEqual([
    [0, 1, 2, 3],
    [],
    [0, 1, 2, 0, 1, 2],
    [0, 0, 0, 1, 1, 1],
    [1, 0, 0, 1, 1, 0, 1, 1, 1],
  ]);
  await build.release();
});

test("an id beyond the depth gives zeros, in the dtype asked for", async () => {
  const build = compile((ids: Tensor) => oneHot(ids, 2, "int32"));
  const { dtype, shape, data } = await build(hostTensor([1, 2, -1, 0], [4], "int64"));
  expect({ dtype, shape }).toEqual({ dtype: "int32", shape: [4, 2] });
  expect([...data]).toEqual([0, 1, 0, 0, 0, 0, 1, 0]);
  await build.release();
});

test("equal values keep their order", async () => {
  const build = compile((x: Tensor) => [
    sort(x).indices,
    sort(x, { descending: true }).indices,
    topK(x, 2).indices,
  ]);
  const results = await build(hostTensor([1, 2, 1, 2, 1, 2], [6], "int32"));
  expect(results.map((result) => result.toArray())).toEqual([
    [0, 2, 4, 1, 3, 5],
    [1, 3, 5, 0, 2, 4],
    [1, 3],
  ]);
  await build.release();
});

test.each(["float16", "int32", "int64", "uint8"] as const)(
  "%s has sums and triangles",
  async (dtype) => {
    const build = compile((x: Tensor) => [
      cumulativeSum(x),
      triangularLower(x),
      triangularUpper(x, 1),
    ]);
    const results = await build(hostTensor([1, 2, 3, 4], [2, 2], dtype));
    expect(results.map((result) => [result.dtype, result.toArray()])).toEqual([
      [dtype, [1, 3, 3, 7]],
      [dtype, [1, 0, 3, 4]],
      [dtype, [0, 2, 0, 0]],
    ]);
    await build.release();
  },
);

const x = input("x", { shape: [3, 2], dtype: "float32" });
const flags = input("flags", { shape: [3], dtype: "bool" });
const refused: readonly (readonly [op: string, build: () => unknown, rule: string])[] = [
  [
    "topK",
    () => topK(x, 3),
    "k must be a whole number from 0 to 2, axis 1's size in x f32[3,2], got 3.",
  ],
  ["topK", () => topK(flags, 1), "takes numbers, got x bool[3]; convert with cast."],
  ["sort", () => sort(x, { axis: 2 }), "there is no axis 2 in x f32[3,2]: -2 to 1 are there."],
  ["cumulativeSum", () => cumulativeSum(flags), "takes numbers, got x bool[3]; convert with cast."],
  ["triangularLower", () => triangularLower(flags), "takes matrices, got x bool[3]."],
  ["triangularUpper", () => triangularUpper(flags), "takes matrices, got x bool[3]."],
  ["arange", () => arange(-1), "the length must be a whole number from 0 up, got -1."],
  ["iota", () => iota([2], 1), "there is no axis 1 in x i32[2]: -1 to 0 are there."],
  ["oneHot", () => oneHot(x, 2), "ids must be int32 or int64, got x f32[3,2]; convert with cast."],
];

test.each(refused)("%s refuses what does not fit: %#", (op, build, rule) => {
  expect(build).toThrow(expect.objectContaining({ op, rule }));
});
