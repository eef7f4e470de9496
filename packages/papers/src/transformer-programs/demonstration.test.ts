import { expect, test } from "vitest";
import { shown } from "../testing/shown.ts";
import { demonstration } from "./demonstration.ts";

test("it is seen to learn, and its program to count", async () => {
  const { frames } = await shown(demonstration);
  expect(frames.map(({ step }) => step)).toEqual(Array.from({ length: 16 }, (_, i) => i + 1));
  expect(frames.at(-1)?.values["accuracy"]).toBeGreaterThan(0.8);
  const figures = frames.at(-1)?.figures ?? [];
  expect(figures.map(({ kind }) => kind)).toEqual([
    "text",
    "heat",
    "heat",
    "heat",
    "heat",
    "heat",
    "text",
  ]);
  const heat = figures[1];
  if (heat?.kind !== "heat") throw new Error("a head");
  // A categorical head reads one place.
  expect(heat.values.every((row) => row.reduce((sum, value) => sum + value, 0) === 1)).toBe(true);
  const program = figures.at(-1);
  expect(program?.kind === "text" && program.text).toContain("export function run(");
});

test("it ends when it is told to, whatever it is told to learn", async () => {
  const { frames } = await shown(
    demonstration,
    { task: "most-freq", relaxation: "gumbel-hard" },
    2,
  );
  expect(frames.length).toBe(2);
});
