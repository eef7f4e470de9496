import { expect, test } from "vitest";
import type { Frame } from "../demonstration.ts";
import { demonstration } from "./demonstration.ts";

test("both models learn, and their losses and scores stay the same", async () => {
  const frames: Frame[] = [];
  const values = { form: "pre-crmsnorm", width: 16 };
  const { signal } = new AbortController();
  for await (const frame of demonstration.run({ values, seed: 1, signal })) frames.push(frame);
  expect(frames.map(({ step }) => step)).toEqual(Array.from({ length: 10 }, (_, i) => 6 * (i + 1)));
  const [first, last] = [frames[0], frames.at(-1)] as [Frame, Frame];
  expect(last.values["Pre-LN"]).toBeLessThan(first.values["Pre-LN"] as number);
  for (const frame of frames) expect(frame.values["difference"]).toBeLessThan(1e-3);
  const [scores] = last.figures ?? [];
  if (scores?.kind !== "heat") throw new Error("a heat map");
  for (const [i, value] of (scores.values[0] ?? []).entries()) {
    expect(scores.values[1]?.[i]).toBeCloseTo(value, 2);
  }
});

test("it ends when it is told to", async () => {
  const controller = new AbortController();
  let count = 0;
  const values = { form: "pre-rmsnorm", width: 8 };
  for await (const _ of demonstration.run({ values, seed: 1, signal: controller.signal })) {
    count++;
    controller.abort();
  }
  expect(count).toBe(1);
});
