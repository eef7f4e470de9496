import { existsSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import type { Demonstration } from "./demonstration.ts";
import type { Experiment, Paper } from "./paper.ts";

const folder = fileURLToPath(new URL(".", import.meta.url));
const ids = readdirSync(folder).filter((id) => existsSync(`${folder}${id}/paper.ts`));

async function part<T>(id: string, name: string): Promise<T> {
  return (await import(`${folder}${id}/${name}.ts`)) as T;
}

test("papers are found by listing", () => {
  expect(ids).toContain("cct");
});

describe.each(ids)("%s", (id) => {
  test("is called as its folder, and every claim is measured once", async () => {
    const { paper } = await part<{ paper: Paper }>(id, "paper");
    const { experiments } = await part<{ experiments: readonly Experiment[] }>(id, "claims");
    expect(paper.id).toBe(id);
    const claims = paper.claims.map((claim) => claim.id);
    expect(claims.length).toBeGreaterThan(0);
    expect(experiments.flatMap((experiment) => experiment.claims).sort()).toEqual(claims.sort());
    for (const { seeds } of experiments) {
      expect(seeds.length).toBeGreaterThan(0);
      expect(new Set(seeds).size).toBe(seeds.length);
    }
  });

  test.runIf(existsSync(`${folder}${id}/demonstration.ts`))(
    "has a demonstration whose settings begin within their bounds",
    async () => {
      const found = await part<{ demonstration: Demonstration }>(id, "demonstration");
      const { title, summary, controls } = found.demonstration;
      expect(title.length * summary.length).toBeGreaterThan(0);
      for (const { setting, initial } of Object.values(controls)) {
        if (setting.kind === "choice") expect(setting.words).toContain(initial);
        if (setting.kind !== "whole" && setting.kind !== "number") continue;
        expect(Number(initial)).toBeGreaterThanOrEqual(setting.from ?? Number.NEGATIVE_INFINITY);
        expect(Number(initial)).toBeLessThanOrEqual(setting.to ?? Number.POSITIVE_INFINITY);
      }
    },
  );
});
