import { expect, test } from "vitest";
import { leavesOf, mapTree } from "./tree.ts";

const isNumber = (value: unknown): value is number => typeof value === "number";
const tree = { images: [1, 2], labels: { fine: 3, coarse: [] } };

test("leaves come in the order of the keys, each with its path", () => {
  expect(leavesOf<number>(tree, isNumber)).toEqual([
    { path: ["images", "0"], leaf: 1 },
    { path: ["images", "1"], leaf: 2 },
    { path: ["labels", "fine"], leaf: 3 },
  ]);
  expect(leavesOf<number>(4, isNumber)).toEqual([{ path: [], leaf: 4 }]);
});

test("a mapped tree has the same form", () => {
  expect(mapTree<number, string>(tree, isNumber, (leaf) => `<${leaf}>`)).toEqual({
    images: ["<1>", "<2>"],
    labels: { fine: "<3>", coarse: [] },
  });
  expect(mapTree<number, number>(4, isNumber, (leaf) => leaf + 1)).toBe(5);
});
