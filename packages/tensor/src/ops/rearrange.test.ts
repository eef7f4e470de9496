import { expect, test } from "vitest";
import { compile } from "../compile.ts";
import { sorted } from "../graph/graph.ts";
import type { Tensor } from "../graph/node.ts";
import { input } from "../graph/source.ts";
import { hostTensor } from "../host.ts";
import type { Shape } from "../shape.ts";
import { dims } from "./dims.ts";
import { rearrange } from "./rearrange.ts";

const x = (...shape: Shape): Tensor => input("x", { shape, dtype: "float32" });

/** The operations that make up a tensor. */
function operations(tensor: Tensor): string[] {
  return sorted([tensor]).map((node) => node.spec.name);
}

test("rearrange builds no operation that changes nothing", () => {
  expect(operations(rearrange(x(2, 3), "a b -> a b"))).toEqual(["input"]);
  expect(operations(rearrange(x(2, 3), "... -> ..."))).toEqual(["input"]);
  expect(operations(rearrange(x(2, 3), "a b -> b a"))).toEqual(["input", "transpose"]);
  expect(operations(rearrange(x(2, 3), "a b -> (a b)"))).toEqual(["input", "reshape"]);
  expect(operations(rearrange(x(2, 1, 3), "a 1 b -> a b 1"))).toEqual([
    "input",
    "reshape",
    "reshape",
  ]);
  expect(operations(rearrange(x(2, 3, 4), "B T (H K) -> B H T K", { H: 2 }))).toEqual([
    "input",
    "reshape",
    "transpose",
  ]);
  expect(operations(rearrange(x(2, 3), "a b -> a T b", { T: 4 }))).toEqual([
    "input",
    "reshape",
    "expand",
  ]);
});

test("rearrange repeats along names that are new on the right", async () => {
  const repeat = compile((a: Tensor) => rearrange(a, "g d -> (g r) d", { r: 2 }));
  const { shape, data } = await repeat(hostTensor([1, 2, 3, 4], [2, 2]));
  expect(shape).toEqual([4, 2]);
  expect([...data]).toEqual([1, 2, 1, 2, 3, 4, 3, 4]);
});

test("dots join in brackets and stand for any number of axes", () => {
  expect(rearrange(x(2, 3, 4), "a ... -> (...) a").shape).toEqual([12, 2]);
  expect(rearrange(x(2, 3, 4), "... c -> (... c)").shape).toEqual([24]);
  expect(rearrange(x(4), "... c -> c ...").shape).toEqual([4]);
});

const refused: readonly (readonly [string, Shape, Record<string, number>, string])[] = [
  ["a b", [2, 3], {}, 'a pattern has two sides, as in "B T D -> B D T"'],
  ["a (b -> a b", [2, 3], {}, "brackets must come in pairs, none inside another"],
  ["a b) -> a b", [2, 3], {}, "brackets must come in pairs, none inside another"],
  ["((a b)) -> a b", [6], { a: 2 }, "brackets must come in pairs, none inside another"],
  ["a 2 -> a", [2, 2], {}, '"2" is no name of an axis'],
  ["a a -> a", [2, 2], {}, "a stands twice on one side"],
  ["a b -> a b b", [2, 2], {}, "b stands twice on one side"],
  ["(a ...) -> a ...", [2], {}, "... cannot stand in brackets on the left"],
  ["a ... -> a", [2], {}, "... must stand on both sides or on none"],
  ["a b c -> c b a", [2, 3], {}, "the left side has 3 axes, x has 2"],
  ["a b c ... -> ... c b a", [2, 3], {}, "the left side has 3 or more axes, x has 2"],
  ["a b -> a", [2, 3], {}, "b is missing on the right; sum or slice it away first"],
  ["a -> a b", [2], {}, "b is new on the right; say how often to repeat, { b: 2 }"],
  ["a b -> b a", [2, 3], { c: 2 }, "c is given a size but not named"],
  ["(a b) -> a b", [6], {}, "say the sizes of all but one of (a b), for example { a: 2 }"],
  ["(a b) -> a b", [6], { a: 4 }, "(a b) of 6 does not divide by 4"],
  ["(a b) -> a b", [6], { a: 2, b: 2 }, "(a b) is 4, which does not match the axis of 6"],
  ["a b -> b a", [2, 3], { b: 4 }, "b is 4, which does not match the axis of 3"],
  ["a 1 -> a", [2, 3], {}, "1 does not match the axis of 3"],
];

test.each(refused)("rearrange refuses %j for %j", (pattern, shape, sizes, rule) => {
  expect(() => rearrange(x(...shape), pattern, sizes)).toThrow(
    expect.objectContaining({
      name: "ShapeError",
      op: "rearrange",
      rule: `"${pattern}" for x f32[${shape.join(",")}]: ${rule}.`,
    }),
  );
});

test("dims names sizes and holds them against numbers and against each other", () => {
  const { B, T, D } = dims(x(2, 3, 4), "B T D");
  expect([B, T, D]).toEqual([2, 3, 4]);
  expect(dims(x(2, 3, 8, 8), "B 3 H H")).toEqual({ B: 2, H: 8 });
  expect(dims(x(), "")).toEqual({});
});

test.each([
  [[2, 3], "B T D", "it has 2 axes, not 3"],
  [[2, 4, 8, 8], "B 3 H W", "axis 1 has 4, not 3"],
  [[8, 9], "N N", "axis 1 has 9, not N = 8"],
] as const)("dims refuses %j as %j", (shape, axes, rule) => {
  expect(() => dims(x(...shape), axes)).toThrow(
    expect.objectContaining({
      name: "ShapeError",
      rule: `x f32[${shape.join(",")}] is not "${axes}": ${rule}.`,
    }),
  );
});
