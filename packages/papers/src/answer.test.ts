import { environments } from "@quire/data";
import { initialize } from "@quire/nn";
import { expect, test } from "vitest";
import { answer, wantedBy } from "./answer.ts";
import { demonstration as cct } from "./cct/demonstration.ts";
import type { Demonstration } from "./demonstration.ts";
import { build as buildAgent } from "./gtrxl/model.ts";
import { demonstration as informer } from "./informer/demonstration.ts";
import { demonstration as linktransformer } from "./linktransformer/demonstration.ts";
import { demonstration as pixart } from "./pixart-alpha/demonstration.ts";
import type { System } from "./system.ts";
import type { Given } from "./task-answer.ts";
import { ControlAgent, describeControlModel } from "./tasks/control.ts";
import { Segmenter } from "./tasks/segmenter.ts";
import { demonstration as transformerPrograms } from "./transformer-programs/demonstration.ts";
import { demonstration as tsmixer } from "./tsmixer/demonstration.ts";
import { build as buildSegmenter } from "./xlstm-unet/model.ts";

/** A system after so many frames of its demonstration. */
async function after(demonstration: Demonstration, frames: number): Promise<System> {
  const controls = Object.entries(demonstration.controls);
  const values = Object.fromEntries(controls.map(([name, { initial }]) => [name, initial]));
  const controller = new AbortController();
  let system: System | undefined;
  const onSystem = (made: System): void => {
    system = made;
  };
  let seen = 0;
  const given = { values, seed: 1, signal: controller.signal, onSystem };
  for await (const _ of demonstration.run(given)) {
    seen += 1;
    if (seen === frames) controller.abort();
  }
  if (!system) throw new Error("The demonstration gives its system.");
  return system;
}

function file(name: string, text: string): Given {
  return { kind: "file", name, bytes: new TextEncoder().encode(text) };
}

test("a picture of any size is seen as small as the classifier sees, and named", async () => {
  const system = await after(cct, 1);
  const bytes = new Uint8ClampedArray(4 * 100 * 60).fill(200);
  const [said, seen] = await answer(system, { kind: "picture", width: 100, height: 60, bytes });
  expect(wantedBy(system)?.kind).toBe("picture");
  if (said?.kind !== "text" || seen?.kind !== "pixels") throw new Error("a text and a picture");
  const shares = said.text.split("\n").map((line) => Number.parseFloat(line));
  expect(shares).toHaveLength(4);
  expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(100, 0);
  expect([seen.width, seen.height]).toEqual([24, 24]);
  expect([...new Set(seen.bytes)].sort()).toEqual([200, 255]);
  await expect(answer(system, file("a.csv", "a\n1\n"))).rejects.toThrow(
    /^"a\.csv" is no picture: give one\.$/,
  );
});

test("a series goes on from its end, at its own step", async () => {
  const system = await after(informer, 1);
  const rows = Array.from({ length: 60 }, (_, i) => {
    const time = new Date(Date.UTC(2025, 0, 1) + i * 3_600_000).toISOString();
    return `${time},${1000 + Math.sin(i / 4)}`;
  });
  const [figure] = await answer(system, file("mine.csv", `time,power\n${rows.join("\n")}\n`));
  if (figure?.kind !== "lines") throw new Error("lines");
  const forecast = figure.series.find(({ name }) => name === "forecast");
  expect(forecast?.points).toHaveLength(24);
  // It was learnt from values around 20, and is scaled by its own.
  for (const [, value] of forecast?.points ?? []) expect(Math.abs(value - 1000)).toBeLessThan(5);
  expect(forecast?.points[0]?.[0]).toBe(Date.UTC(2025, 0, 1) + 60 * 3_600_000);
  await expect(
    answer(system, file("short.csv", "time,power\n2025-01-01,1\n2025-01-02,2\n")),
  ).rejects.toThrow(/has 2 steps, and the run reads 48: give at least as many\.$/);
});

test("names of a list are compared with one another, itself the nearest", async () => {
  const system = await after(linktransformer, 2);
  const [figure] = await answer(
    system,
    file("names.txt", "Delta Pump\nDelta Pump Ltd.\nIris Wire\n"),
  );
  if (figure?.kind !== "heat") throw new Error("a heat map");
  expect(figure.rows).toEqual(["Delta Pump", "Delta Pump Ltd.", "Iris Wire"]);
  for (const [i, row] of figure.values.entries()) expect(row[i]).toBeCloseTo(1, 4);
});

test("series are as many as were learnt", async () => {
  const system = await after(tsmixer, 1);
  const rows = Array.from({ length: 60 }, (_, i) => {
    return `${new Date(Date.UTC(2025, 0, 1) + i * 3_600_000).toISOString()},${i % 24},${i % 7}`;
  });
  const given = file("two.csv", `time,power,wind\n${rows.join("\n")}\n`);
  const figures = await answer(system, given);
  expect(figures.map(({ title }) => title)).toEqual(["How power goes on", "How wind goes on"]);
  for (const [k, figure] of figures.entries()) {
    if (figure.kind !== "lines") throw new Error("lines");
    const [history, forecast] = figure.series;
    expect(history?.points.map(([, value]) => value)).toEqual(
      Array.from({ length: 60 }, (_, i) => i % (k === 0 ? 24 : 7)),
    );
    expect(forecast?.points).toHaveLength(12);
  }
  const few = rows.map((row) => row.replace(/,\d+$/, "")).join("\n");
  await expect(answer(system, file("one.csv", `time,power\n${few}\n`))).rejects.toThrow(
    /^"one\.csv" has 1 column of numbers, and the model forecasts 2: demand, wind; give as many\.$/,
  );
});

test("sequences are labelled, a line or a row each", async () => {
  const system = await after(transformerPrograms, 1);
  const [figure] = await answer(system, file("mine.txt", "3 1 2\n\n0,0\n"));
  if (figure?.kind !== "text") throw new Error("a text");
  const lines = figure.text.split("\n");
  expect(lines.map((line) => line.split(/\s+/).length)).toEqual([3, 3, 1, 2, 2]);
  expect([lines[0], lines[3]]).toEqual(["3  1  2", "0  0"]);
  const [same] = await answer(system, file("mine.csv", "id,sequence\n7,3 1 2\n8,0 0\n"));
  expect(same).toEqual(figure);
  await expect(answer(system, file("odd.txt", "3 x\n"))).rejects.toThrow(
    /^"x" is no token that the model learnt: it knows /,
  );
  await expect(answer(system, file("none.txt", "\n"))).rejects.toThrow(
    /^"none\.txt" holds no tokens: give a sequence a line\.$/,
  );
});

test("pictures are drawn of the first line of a text", async () => {
  const system = await after(pixart, 1);
  const [figure] = await answer(system, file("mine.txt", "\n a large red circle on black\nno\n"));
  if (figure?.kind !== "pixels") throw new Error("a picture");
  expect(figure.title).toBe("What it draws of “a large red circle on black”");
  expect([figure.width, figure.height]).toEqual([4 * 13 - 1, 12]);
  await expect(answer(system, file("none.txt", " \n"))).rejects.toThrow(
    /^"none\.txt" is empty: give it a line of text\.$/,
  );
});

test("an agent says what it would do at each step, and remembers those before", async () => {
  const options = { width: 8, depth: 1, heads: 2, memoryLength: 4 };
  const spaces = environments("t-maze", { length: 1 }, { count: 1, seed: 0 });
  const description = describeControlModel({
    ...{ paper: "gtrxl", options, environment: "t-maze", spaces },
  });
  const model = buildAgent(options, description.target);
  initialize(model, 3);
  const agent = new ControlAgent(model, description);
  const { observation, actions } = description.target;
  const titles = Array.from({ length: observation }, (_, i) => `seen ${i}`).join(",");
  const row = (value: number): string => Array.from({ length: observation }, () => value).join(",");
  const shares = async (...seen: number[]): Promise<readonly (readonly number[])[]> => {
    const given = file("seen.csv", `${titles}\n${seen.map(row).join("\n")}\n`);
    const [said, likely] = await answer(agent, given);
    if (said?.kind !== "text" || likely?.kind !== "heat") throw new Error("a text and a map");
    expect(said.text.split("\n")).toHaveLength(seen.length);
    expect(likely.rows).toHaveLength(actions);
    return likely.values;
  };
  const [one, other] = [await shares(1, 0), await shares(3, 0)];
  for (const step of [0, 1]) {
    expect(one.reduce((sum, row) => sum + (row[step] as number), 0)).toBeCloseTo(1, 5);
  }
  expect(one.map((row) => row[1])).not.toEqual(other.map((row) => row[1]));
  await expect(answer(agent, file("few.csv", "a\n1\n2\n"))).rejects.toThrow(
    new RegExp(
      `^"few\\.csv" has 1 column of numbers, and the agent sees ${observation}: give as many\\.$`,
    ),
  );
});

test("each place of a picture is told what it is, at the picture's own shape", async () => {
  const options = { variant: "bot", features: 4, mostFeatures: 8, blocks: 1 } as const;
  const target = { patch: [16, 16], spacing: [1, 1], channels: 3, classes: 2 };
  const model = buildSegmenter(options, target);
  initialize(model, 1);
  const description = { task: "segmentation", paper: "xlstm-unet", options, target } as const;
  const system = new Segmenter(model, { ...description, classes: ["#000000", "#ff0000"] });
  const bytes = new Uint8ClampedArray(4 * 192 * 96).map((_, i) => (i * 7) % 256);
  const given = { kind: "picture", width: 192, height: 96, bytes } as const;
  const [seen, said] = await answer(system, given);
  if (seen?.kind !== "pixels" || said?.kind !== "text") throw new Error("a picture and a text");
  // Three patches of 16 along the longer side, each place three pixels wide.
  expect([seen.width, seen.height]).toEqual([144, 72]);
  const shares = said.text.split("\n").map((line) => Number.parseFloat(line));
  expect((shares[0] as number) + (shares[1] as number)).toBeCloseTo(100, 0);
  const volumes = { ...description, target: { ...target, patch: [16, 16, 16] } };
  await expect(
    answer(new Segmenter(model, { ...volumes, classes: ["0", "1"] }), given),
  ).rejects.toThrow(/^this system reads volumes: npx quire predict takes them as NIfTI\.$/);
});
