import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { gatherCatalogue, packageFolder } from "./catalogue.ts";

test("there are 72 papers, and nothing of one with a folder is written down twice", async () => {
  const { entries, running, asked } = await gatherCatalogue(undefined);
  expect(new Set(entries.map(({ id }) => id)).size).toBe(72);
  expect(entries).toHaveLength(72);
  expect(Object.keys(asked).sort()).toEqual(entries.map(({ id }) => id).sort());
  const path = join(packageFolder, "data/planned.json");
  const planned = JSON.parse(readFileSync(path, "utf8")) as { id: string }[];
  // A paper that got its folder: its entry in planned.json is to be taken out.
  expect(planned.filter(({ id }) => running.has(id))).toEqual([]);
  const families = new Set(entries.map(({ family }) => family));
  expect(families.size).toBe(10);
});
