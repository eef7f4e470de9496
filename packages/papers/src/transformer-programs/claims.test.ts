import { expect, test } from "vitest";
import { accuracyByLength } from "./accuracy-by-length.ts";
import { otherTasks, solvedTasks } from "./solved-tasks.ts";

test("each task has as many different sequences as its claim asks for", async () => {
  for (const experiment of [solvedTasks, otherTasks]) {
    const found = Object.values(await experiment.load("full"));
    expect(found.length).toBeGreaterThan(0);
    for (const { data, test: apart } of found) {
      expect(data.train.size).toBeGreaterThanOrEqual(4000);
      expect(apart.size).toBeGreaterThanOrEqual(1400);
    }
  }
  expect((await accuracyByLength.load("full")).length).toBe(3);
});
