import { expect, test } from "vitest";
import type { Frame } from "../demonstration.ts";
import { demonstration } from "./demonstration.ts";

async function shown(change: Readonly<Record<string, string>>, last: number): Promise<Frame[]> {
  const controls = Object.entries(demonstration.controls);
  const values = Object.fromEntries(controls.map(([name, { initial }]) => [name, initial]));
  const controller = new AbortController();
  const frames: Frame[] = [];
  const given = { values: { ...values, ...change }, seed: 1, signal: controller.signal };
  for await (const frame of demonstration.run(given)) {
    frames.push(frame);
    if (frames.length === last) controller.abort();
  }
  return frames;
}

test("it is seen to learn, and its program to count", async () => {
  const frames = await shown({}, Number.POSITIVE_INFINITY);
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
  const frames = await shown({ task: "most-freq", relaxation: "gumbel-hard" }, 2);
  expect(frames.length).toBe(2);
});
