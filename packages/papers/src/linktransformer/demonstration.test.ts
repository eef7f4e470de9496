import { expect, test } from "vitest";
import type { Frame } from "../demonstration.ts";
import { demonstration } from "./demonstration.ts";

test("the demonstration finds most names of companies that it has not seen, and ends when told", async () => {
  const values = { loss: "supcon", temperature: 0.07 };
  const frames: Frame[] = [];
  const { signal } = new AbortController();
  for await (const frame of demonstration.run({ values, seed: 1, signal })) frames.push(frame);
  const last = frames.at(-1);
  expect(last?.step).toBe(last?.steps);
  expect(last?.values["accuracy"]).toBeGreaterThan(0.7);
  expect(frames[0]?.figures?.[0]?.kind).toBe("heat");
  const stop = new AbortController();
  const few: Frame[] = [];
  for await (const frame of demonstration.run({ values, seed: 1, signal: stop.signal })) {
    few.push(frame);
    stop.abort();
  }
  expect(few.length).toBe(1);
});
