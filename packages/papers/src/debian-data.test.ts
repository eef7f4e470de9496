import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import { readTables, tableNames } from "./excelformer/baselines.ts";
import { accuracy } from "./informer/accuracy.ts";
import { experiments } from "./linktransformer/claims.ts";
import { brainHalves, brainSlices } from "./xlstm-unet/brain-data.ts";

/** Data of claims that come as Debian packages: these tests are skipped where one is not installed. */
const holds = {
  modeldata: existsSync("/usr/lib/R/site-library/modeldata"),
  gstat: existsSync("/usr/lib/R/site-library/gstat"),
  names: existsSync("/usr/share/EMBOSS/data/TAXONOMY/names.dmp"),
  atlas: existsSync("/usr/share/mricron/templates/aal.nii.gz"),
};

test.skipIf(!holds.modeldata)("eight tables, four with classes and four with numbers", async () => {
  const tables = await readTables(tableNames);
  const told = tables.map(({ name, table, target, predict }) => {
    const { kind } = table.column(target);
    return [name, table.rows, predict, kind === "category" ? "class" : "number"];
  });
  expect(told).toEqual([
    ["credit_data", 4454, "class", "class"],
    ["hpc_data", 4331, "class", "class"],
    ["mlc_churn", 5000, "class", "class"],
    ["wa_churn", 7043, "class", "class"],
    ["concrete", 1030, "number", "number"],
    ["Sacramento", 932, "number", "number"],
    ["car_prices", 804, "number", "number"],
    ["stackoverflow", 5594, "number", "number"],
  ]);
});

test.skipIf(!(holds.modeldata && holds.gstat))(
  "riders and winds: days in a row, parted by time",
  async () => {
    const data = await accuracy.load("full");
    const told = data.map(({ name, data: { size, step }, prepared: { target, test: last } }) => {
      return [name, size, step, target.channels, target.outputs, last.size];
    });
    expect(told).toEqual([
      ["Chicago", 5698, "1 day", 21, 21, 1127],
      ["wind", 6574, "1 day", 12, 12, 1302],
    ]);
  },
);

test.skipIf(!holds.names)(
  "misspelt names, none of the test's among those to learn from",
  async () => {
    const misspellings = experiments.find(({ claims }) => claims.includes("misspellings"));
    const task = await misspellings?.load("full");
    if (!task) throw new Error("the claim is measured");
    expect([task.candidates.length, task.blocks.length]).toEqual([3000, 3000]);
    const learnt = new Set(task.train.records.map(([name]) => name));
    expect(task.candidates.filter((name) => learnt.has(name)).length).toBe(0);
  },
);

test.skipIf(!holds.atlas)(
  "a brain in slices of slabs, and in halves with all regions",
  async () => {
    const slices = await brainSlices();
    expect([slices.train.length, slices.validation.length, slices.test.length]).toEqual([
      19, 4, 16,
    ]);
    expect(slices.train[0]?.size).toEqual([1, 72, 60]);
    const names = (cases: readonly { readonly name: string }[]): number[] =>
      cases.map(({ name }) => Number(name.split(" ")[1]));
    // No slice that is measured on stands beside one that is learnt from.
    for (const place of names(slices.test)) {
      expect(names(slices.train).every((other) => Math.abs(other - place) > 1)).toBe(true);
    }
    const halves = await brainHalves();
    for (const [half] of [halves.train, halves.test]) {
      expect(half?.size).toEqual([30, 36, 15]);
      expect([...new Set(half?.labels)].sort()).toEqual([0, 1, 2, 3, 4, 5]);
    }
  },
);
