import { countParameters } from "@quire/nn";
import { describe, expect, test } from "vitest";
import type { Frame } from "../demonstration.ts";
import { experiments } from "./claims.ts";
import { demonstration } from "./demonstration.ts";
import { systems } from "./loss-on-brown.ts";
import { paper } from "./paper.ts";

test("every claim is measured once", () => {
  const measured = experiments.flatMap(({ claims }) => claims);
  expect(measured).toEqual(paper.claims.map(({ id }) => id));
});

test("the compared language models have equal parameters, within one in a hundred", () => {
  const counts = systems.map(({ build }) =>
    countParameters(build({ vocabulary: 1024, context: 128 })),
  );
  expect(Math.abs((counts[0] as number) / (counts[1] as number) - 1)).toBeLessThan(0.01);
});

describe.each(["exact", "speed"])("%s", (claim) => {
  test("is measured by a quick run, with rows and a verdict", async () => {
    const experiment = experiments.find(({ claims }) => claims.includes(claim));
    const data = await experiment?.load("quick");
    const found = await experiment?.measure({ data, seeds: [1, 2], budget: "quick" });
    expect(found?.verdicts.map((verdict) => verdict.claim)).toEqual([claim]);
    expect(found?.rows.length).toBeGreaterThan(1);
    for (const { metrics } of found?.rows ?? []) {
      for (const { name } of found?.metrics ?? []) {
        expect(metrics[name]?.length).toBe(2);
        expect(metrics[name]?.every((value) => value >= 0)).toBe(true);
      }
    }
    if (claim === "exact") expect(found?.verdicts[0]?.holds).toBe(true);
  });
});

test("an experiment ends when its signal says so", async () => {
  const control = new AbortController();
  control.abort(new Error("enough"));
  for (const experiment of experiments.slice(0, 2)) {
    const data = await experiment.load("quick");
    const context = { data, seeds: [1], budget: "quick", signal: control.signal } as const;
    await expect(experiment.measure(context)).rejects.toThrow("enough");
  }
});

test("the demonstration learns, and shows what it writes and how its heads forget", async () => {
  const values = { heads: 2, block: 16, temperature: 0.5 };
  const control = new AbortController();
  const frames: Frame[] = [];
  for await (const frame of demonstration.run({ values, seed: 1, signal: control.signal })) {
    frames.push(frame);
    if (frame.step === 40) control.abort();
  }
  const losses = frames.map((frame) => frame.values["loss"] as number);
  expect(losses.length).toBe(40);
  expect(losses[39]).toBeLessThan(0.8 * (losses[0] as number));
  expect(frames[0]?.figures?.map(({ kind }) => kind)).toEqual(["text", "lines"]);
  expect(frames[1]?.figures).toBeUndefined();
});
