import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkName, createRun, openRun, writeConfig } from "./run-folder.ts";

let root = "";
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "quire-runs-"));
});
afterAll(() => rm(root, { recursive: true }));

describe("createRun", () => {
  it("takes the next free number, or the name given", async () => {
    const runs = join(root, "deep", "runs");
    expect(await createRun(runs, "cct")).toBe(join(runs, "cct-1"));
    expect(await createRun(runs, "cct")).toBe(join(runs, "cct-2"));
    expect(await createRun(runs, "cct", "first")).toBe(join(runs, "first"));
    expect((await readdir(runs)).sort()).toEqual(["cct-1", "cct-2", "first"]);
    expect(() => checkName(runs, "first")).toThrow(
      `run "${join(runs, "first")}" exists: choose another --name, or leave it out to get the next number.`,
    );
  });

  it("does not make a folder below a file", async () => {
    await writeFile(join(root, "file"), "");
    await expect(createRun(join(root, "file", "runs"), "cct")).rejects.toThrow(
      `cannot write "${join(root, "file", "runs")}" (a part of the path is a file): choose another place with --out.`,
    );
  });
});

describe("the files of a run", () => {
  const model = {
    task: "image-classification",
    paper: "cct",
    options: { width: 8 },
    target: { height: 8, width: 8, channels: 1, classes: 2 },
    classes: ["a", "b"],
    normalization: { mean: [0.5], deviation: [0.2] },
  } as const;

  it("say how the model is built again", async () => {
    const folder = join(root, "written");
    await mkdir(folder);
    await writeConfig(folder, { model, words: ["train", "cct"] });
    const config = JSON.parse(await readFile(join(folder, "config.json"), "utf8"));
    expect(config).toMatchObject({ format: 2, model, command: "quire train cct" });
    expect(Object.keys(config.versions)).toEqual(["quire", "node", "onnxruntime"]);
    expect((await readdir(folder)).sort()).toEqual(["config.json"]);
  });

  it("are named where one is missing or damaged", async () => {
    const folder = join(root, "damaged");
    const path = join(folder, "config.json");
    await mkdir(folder);
    await expect(openRun(folder)).rejects.toThrow(
      `"${folder}" is no run: it has no config.json; give the folder that quire train made.`,
    );
    await writeFile(path, "{");
    await expect(openRun(folder)).rejects.toThrow(
      `"${path}" is damaged: it is no JSON; train the run again.`,
    );
    await writeFile(path, '{"format":1}');
    await expect(openRun(folder)).rejects.toThrow(
      `"${path}" is not the configuration of a run that this version reads: train it again.`,
    );
    await writeFile(path, '{"format":2,"model":{"task":"reading"}}');
    await expect(openRun(folder)).rejects.toThrow(
      `run "${folder}" is of the task "reading", which this version does not know.`,
    );
    await expect(openRun(path)).rejects.toThrow(
      `"${path}" is a file, not a run: give the folder that quire train made.`,
    );
  });
});
