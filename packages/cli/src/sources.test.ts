import { expect, test } from "vitest";
import { countsFor } from "./sources.ts";

const paths = [
  "packages/cli/src/main.ts",
  "packages/data/src/tables.ts",
  "packages/nn/src/linear.test.ts",
  "packages/nn/src/linear.ts",
  "packages/papers/references/cct.json",
  "packages/papers/src/cct/model.ts",
  "packages/papers/src/cct/paper.ts",
  "packages/papers/src/informer/model.ts",
  "packages/papers/src/informer/paper.ts",
  "packages/papers/src/statistics.ts",
  "packages/papers/src/tasks/forecasting.ts",
  "packages/papers/src/testing/shown.ts",
  "packages/site/src/page.tsx",
  "packages/tensor/package.json",
  "docs/tour.md",
];

test("numbers of a paper come from the library, what papers share and its own folder", () => {
  expect(paths.filter(countsFor("cct", paths))).toEqual([
    "packages/data/src/tables.ts",
    "packages/nn/src/linear.ts",
    "packages/papers/src/cct/model.ts",
    "packages/papers/src/cct/paper.ts",
    "packages/papers/src/statistics.ts",
    "packages/papers/src/tasks/forecasting.ts",
    "packages/tensor/package.json",
  ]);
});
