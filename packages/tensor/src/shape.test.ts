import { expect, test } from "vitest";
import {
  broadcast,
  broadcastAxes,
  frontAxis,
  type Shape,
  sameShape,
  sizeOf,
  stridesOf,
  typeText,
} from "./shape.ts";

test("a shape holds the product of its sizes; a scalar holds one value", () => {
  expect([[], [3], [2, 3, 4], [2, 0, 4]].map(sizeOf)).toEqual([1, 3, 24, 0]);
});

test("shapes are the same when every axis is", () => {
  expect(sameShape([2, 3], [2, 3])).toBe(true);
  expect(sameShape([2, 3], [3, 2])).toBe(false);
  expect(sameShape([2], [2, 1])).toBe(false);
  expect(sameShape([], [])).toBe(true);
});

test("a type's text is its short dtype and its sizes", () => {
  expect(typeText({ dtype: "float32", shape: [2, 3] })).toBe("f32[2,3]");
  expect(typeText({ dtype: "bool", shape: [] })).toBe("bool[]");
});

test("strides count the elements between neighbours", () => {
  expect([[], [5], [2, 3, 4]].map(stridesOf)).toEqual([[], [1], [12, 4, 1]]);
});

test.each<[a: Shape, b: Shape, wanted: Shape | undefined]>([
  [[], [], []],
  [[2, 3], [], [2, 3]],
  [[3], [2, 3], [2, 3]],
  [
    [2, 1, 3],
    [4, 1],
    [2, 4, 3],
  ],
  [[1], [0], [0]],
  [[2, 0, 3], [3], [2, 0, 3]],
  [[2], [3], undefined],
  [[2, 3], [2], undefined],
  [[0], [2], undefined],
])("%j and %j broadcast to %j", (a, b, wanted) => {
  expect(broadcast(a, b)).toEqual(wanted);
  expect(broadcast(b, a)).toEqual(wanted);
});

test.each<[from: Shape, to: Shape, wanted: number[]]>([
  [[2, 3], [2, 3], []],
  [[], [2, 3], [0, 1]],
  [[3], [2, 3], [0]],
  [[2, 1], [2, 3], [1]],
  [
    [1, 1],
    [4, 1, 3],
    [0, 2],
  ],
  [[1], [0], [0]],
])("%j is repeated to %j along axes %j", (from, to, wanted) => {
  expect(broadcastAxes(from, to)).toEqual(wanted);
});

test("axes count from the front or, below zero, from the back", () => {
  const axes = [0, 2, -1, -3, 3, -4, 0.5, Number.NaN];
  expect(axes.map((axis) => frontAxis(axis, 3))).toEqual([
    0,
    2,
    2,
    0,
    ...axes.slice(4).map(() => undefined),
  ]);
  expect(frontAxis(0, 0)).toBe(undefined);
});
