import { expect, test } from "vitest";
import { cycles } from "./cycles.ts";
import { format } from "./finding.ts";
import { houseOf } from "./house.ts";

function found(files: Readonly<Record<string, string>>): string[] {
  const sources = Object.entries(files).map(([path, text]) => ({ path, text }));
  return cycles.run(houseOf(sources)).map(format);
}

test("a group of files that import each other by value is reported once, with all its files", () => {
  const files = {
    "a.ts": 'import "x";\nimport { b } from "./b.ts";',
    "b.ts": 'export { c } from "./c.ts";',
    "c.ts": 'import { a } from "./a.ts";',
    "d.ts": 'import { a } from "./a.ts";',
  };
  expect(found(files)).toEqual([
    "a.ts:2: 3 file(s) import each other by value: a.ts, b.ts, c.ts; " +
      "use import type, or move what they share below both",
  ]);
});

test("two groups are reported apart", () => {
  const files = {
    "a.ts": 'import { b } from "./b.ts";\nimport { c } from "./c.ts";',
    "b.ts": 'import { a } from "./a.ts";',
    "c.ts": 'import { d } from "./d.ts";',
    "d.ts": 'import { c } from "./c.ts";',
  };
  const advice = "use import type, or move what they share below both";
  expect(found(files)).toEqual([
    `a.ts:1: 2 file(s) import each other by value: a.ts, b.ts; ${advice}`,
    `c.ts:1: 2 file(s) import each other by value: c.ts, d.ts; ${advice}`,
  ]);
});

test("a file that imports itself is a group of one", () => {
  expect(found({ "a.ts": 'import { a } from "./a.ts";' })).toEqual([
    "a.ts:1: 1 file(s) import each other by value: a.ts; " +
      "use import type, or move what they share below both",
  ]);
});

test("types and dynamic imports close no cycle", () => {
  expect(
    found({
      "a.ts": 'import { b } from "./b.ts";',
      "b.ts": 'import type { A } from "./a.ts";\nimport { type C } from "./c.ts";',
      "c.ts": 'import { d } from "./d.ts";',
      "d.ts": 'export const c = () => import("./c.ts");',
    }),
  ).toEqual([]);
});
