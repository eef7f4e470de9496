import { expect, test } from "vitest";
import { format } from "./finding.ts";
import { houseOf } from "./house.ts";
import { describeSizes, median, sizes } from "./sizes.ts";

const repeat = (line: string, count: number): string => `${line}\n`.repeat(count);
const short = { path: "packages/nn/src/short.ts", text: repeat("f(() => 1);", 3) };

function found(path: string, text: string): string[] {
  const fill = Array.from({ length: 5 }, (_, index) => ({
    path: `packages/nn/src/fill-${index}.ts`,
    text: repeat("export function one(): number { return 1; }", 3),
  }));
  return sizes.run(houseOf([...fill, { path, text }])).map(format);
}

test("a file is at most 400 lines", () => {
  expect(found("packages/nn/src/a.ts", repeat("f();", 400))).toEqual([]);
  expect(found("packages/nn/src/a.test.ts", repeat("f();", 401))).toEqual([
    "packages/nn/src/a.test.ts:1: the file has 401 lines, more than 400; " +
      "split it where its subject changes",
  ]);
});

test("notes are not counted in papers", () => {
  const text =
    repeat("f(); // eq. 1", 390) + repeat("/// eq. 2", 200) + repeat("/** a\n * b */", 100);
  expect(found("packages/papers/src/cct/model.ts", text)).toEqual([]);
  expect(found("packages/nn/src/model.ts", text)).toHaveLength(1);
});

test("a function is at most 60 lines, whichever way it is written", () => {
  const advice = "give a part of it a name of its own";
  const body = repeat("  g();", 59);
  for (const [head, name] of [
    ["function f() {", "f"],
    ["const f = () => {", "f"],
    ["const o = { f() {", "f"],
    ["class C { #f() {", "#f"],
    ["class C { f = function () {", "f"],
    ["run(() => {", "an anonymous function"],
  ] as const) {
    const close = head.startsWith("run") ? "})" : "} }".slice(0, head.split("{").length * 2 - 3);
    expect(found("packages/nn/src/a.ts", `${head}\n${body}${close}`)).toEqual([
      `packages/nn/src/a.ts:1: ${name} has 61 lines, more than 60; ${advice}`,
    ]);
    expect(found("packages/nn/src/a.ts", `${head}\n${repeat("  g();", 58)}${close}`)).toEqual([]);
  }
});

test("a suite of tests may be longer than a function", () => {
  const suite = `describe("a", () => {\n${repeat("  g();", 100)}});`;
  expect(found("packages/nn/src/a.test.ts", suite)).toEqual([]);
});

test("medians hold over all files and functions, tests left out", () => {
  const long = `function f() {\n${repeat("  g();", 9)}}\n`;
  const file = { path: "packages/nn/src/a.ts", text: long + repeat("g();", 110) };
  expect(sizes.run(houseOf([file])).map(format)).toEqual([
    "packages:1: the median of all files is 121 lines, more than 120; split the longest ones first",
    "packages:1: the median of all functions is 11 lines, more than 10; split the longest ones first",
  ]);
  expect(sizes.run(houseOf([{ ...file, path: "packages/nn/src/a.test.ts" }]))).toEqual([]);
});

test("an options object has at most eight members, inherited ones counted", () => {
  const advice = "make a variant a value (an object that carries its own options)";
  const members = (count: number, prefix: string): string =>
    Array.from({ length: count }, (_, index) => `${prefix}${index}: number;`).join(" ");
  const path = "packages/nn/src/a.ts";
  expect(found(path, `interface AOptions { ${members(9, "a")} }`)).toEqual([
    `${path}:1: AOptions has 9 options, more than 8; ${advice}`,
  ]);
  const base = `interface Base { ${members(5, "b")} }\n`;
  expect(found(path, `${base}interface AOptions extends Base { ${members(4, "a")} }`)).toEqual([
    `${path}:2: AOptions has 9 options, more than 8; ${advice}`,
  ]);
  expect(found(path, `${base}type AOptions = Base & { ${members(4, "a")} };`)).toHaveLength(1);
  expect(found(path, `class A { constructor(o: { ${members(9, "a")} }) {} }`)).toEqual([
    `${path}:1: constructor has 9 options, more than 8; ${advice}`,
  ]);
  expect(found(path, `interface AOptions { ${members(8, "a")} }`)).toEqual([]);
  expect(found(path, `interface Row { ${members(20, "a")} }`)).toEqual([]);
});

test("the median of an even count is the mean of the two in the middle", () => {
  expect([median([]), median([3]), median([4, 1]), median([9, 1, 2])]).toEqual([0, 3, 2.5, 2]);
});

test("the sizes are told in one line", () => {
  expect(describeSizes(houseOf([short]))).toBe(
    "1 files, median 3, longest 3 lines; 0 functions, median 0, longest 0",
  );
});
