import { expect, test } from "vitest";
import { shown } from "../testing/shown.ts";
import { demonstration } from "./demonstration.ts";

const settings = { factor: 3, noise: 0.3 };

test("it is seen to forecast better than repeating the last day, by a few steps that attend", async () => {
  const { frames } = await shown(demonstration, { ...settings, attention: "prob" });
  expect(frames.map(({ step }) => step)).toEqual(Array.from({ length: 10 }, (_, i) => i + 1));
  const { mse = 1, naiveMse = 0 } = frames.at(-1)?.values ?? {};
  expect(mse).toBeLessThan(naiveMse);
  const [forecast, activity] = frames.at(-1)?.figures ?? [];
  if (forecast?.kind !== "lines" || activity?.kind !== "heat") throw new Error("two figures");
  expect(forecast.series.map(({ name, points }) => [name, points.length])).toEqual([
    ["history", 48],
    ["truth", 24],
    ["Informer", 24],
  ]);
  // 3 ⌈ln 48⌉ of 48 steps in each head.
  const attending = activity.values.map((own) => own.reduce((sum, one) => sum + one, 0));
  expect(attending).toEqual([12, 12, 12]);
});

test("full attention has no picture of who attends; it ends when it is told to", async () => {
  const { frames } = await shown(demonstration, { ...settings, attention: "full" }, 2);
  expect(frames.map(({ figures }) => figures?.length)).toEqual([1, 1]);
});
