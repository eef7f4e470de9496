import { expect, test } from "vitest";
import type { Entry } from "../entry.ts";
import { find, wordIndex } from "./find.ts";

function entry(id: string, title: string, summary: string): Entry {
  return {
    ...{ id, title, summary, year: 2020, family: "tests", task: "none" },
    ...{ state: "planned", hasDemonstration: false },
  };
}

const entries: readonly Entry[] = [
  { ...entry("alpha", "Reading long Séquences", "It reads and forgets."), authors: ["Ada Müller"] },
  entry("beta", "Forgetting", "Long lists are read."),
  entry("gamma", "Drawing", "Pictures of lists."),
];
const index = wordIndex(entries);

test.each([
  ["long", ["alpha", "beta"]],
  ["sequen", ["alpha"]],
  ["LISTS read", ["beta"]],
  ["forget", ["beta", "alpha"]],
  ["gamma", ["gamma"]],
  ["muller", ["alpha"]],
  ["tests", ["alpha", "beta", "gamma"]],
  ["lists xyz", []],
])("%s finds %j, the best place first", (query, found) => {
  expect(find(query, entries, index).byWords).toEqual(found);
});
