import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { readConfigFile, withConfig } from "./config-file.ts";
import { flag, names, number, readValues, required, text, whole } from "./option.ts";

const folder = mkdtempSync(join(tmpdir(), "quire-config-"));
afterAll(() => rmSync(folder, { recursive: true }));

const table = {
  data: required(text("FILE", "The data")),
  batchSize: whole("Examples a step", { from: 1 }),
  dropout: number("Share", { from: 0, to: 1 }),
  target: names("Columns"),
  irregular: flag("Whether steps are irregular"),
};

function file(content: string): string {
  const path = join(folder, "config.json");
  writeFileSync(path, content);
  return path;
}

function read(content: object, raw: Record<string, unknown> = {}) {
  const path = file(JSON.stringify(content));
  return readValues(withConfig(table, readConfigFile(path), path), raw, "train");
}

test("options come from the file where the call leaves them out", () => {
  const content = { data: "a.csv", "batch-size": 8, target: ["x", "y"], irregular: true };
  expect(read(content, { data: "b.csv" })).toEqual({
    data: "b.csv",
    batchSize: 8,
    dropout: undefined,
    target: ["x", "y"],
    irregular: true,
  });
});

test("recipe and model become assignments", () => {
  const path = file(
    '{"recipe": {"epochs": 3, "augment": {"crop": 2}}, "model": {"sizes": [1, 2]}}',
  );
  expect(readConfigFile(path).assignments).toEqual([
    { path: ["recipe", "epochs"], value: "3" },
    { path: ["recipe", "augment", "crop"], value: "2" },
    { path: ["model", "sizes"], value: "[1,2]" },
  ]);
});

test("what is no configuration is refused", () => {
  const path = join(folder, "config.json");
  expect(() => readConfigFile(join(folder, "none.json"))).toThrow(
    `config file "${join(folder, "none.json")}" does not exist: give a JSON file of options.`,
  );
  expect(() => readConfigFile(file("{epochs: 3}"))).toThrow(`config file "${path}" is no JSON: `);
  expect(() => readConfigFile(file("[1]"))).toThrow(
    `config file "${path}" holds no record: write options such as {"epochs": 5}.`,
  );
  expect(() => read({ data: "x", batchsize: 3 })).toThrow(
    `config file "${path}": unknown option batchsize; did you mean batchSize?`,
  );
  expect(() => read({ data: "x", dropout: 3 })).toThrow(
    '--dropout takes a number from 0 to 1, got "3".',
  );
  expect(() => read({})).toThrow("train needs --data FILE: the data.");
});
