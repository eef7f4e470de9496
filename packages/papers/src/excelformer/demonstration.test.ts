import { expect, test } from "vitest";
import type { Frame } from "../demonstration.ts";
import { demonstration } from "./demonstration.ts";

async function shown(mix: string, last = Number.POSITIVE_INFINITY): Promise<Frame[]> {
  const values = { noise: 4, attention: "semi-permeable", mix };
  const controller = new AbortController();
  const frames: Frame[] = [];
  for await (const frame of demonstration.run({ values, seed: 1, signal: controller.signal })) {
    frames.push(frame);
    if (frames.length === last) controller.abort();
  }
  return frames;
}

test("it is seen to find the ring", async () => {
  const frames = await shown("none");
  expect(frames.map(({ step }) => step)).toEqual(Array.from({ length: 24 }, (_, i) => i + 1));
  const accuracies = frames.map(({ values }) => values["accuracy"] as number);
  expect(Math.max(...accuracies)).toBeGreaterThan(0.8);
  const figure = frames.at(-1)?.figures?.[0];
  if (figure?.kind !== "heat") throw new Error("a heat map is shown");
  // On the ring and in its middle.
  expect(figure.values[12]?.[18]).toBeGreaterThan(0.6);
  expect(figure.values[12]?.[12]).toBeLessThan(0.5);
});

test("it mixes rows both ways, and ends when it is told to", async () => {
  for (const mix of ["features", "hidden"]) expect((await shown(mix, 2)).length).toBe(2);
});
