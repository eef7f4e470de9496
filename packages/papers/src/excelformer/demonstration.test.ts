import { expect, test } from "vitest";
import { shown } from "../testing/shown.ts";
import { demonstration } from "./demonstration.ts";

const settings = { noise: 4, attention: "semi-permeable" };

test("it is seen to find the ring", async () => {
  const { frames } = await shown(demonstration, { ...settings, mix: "none" });
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
  for (const mix of ["features", "hidden"]) {
    const { frames: few } = await shown(demonstration, { ...settings, mix }, 2);
    expect(few.length).toBe(2);
  }
});
