import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { DataError } from "../errors.ts";
import { describe } from "../tables/describe.ts";
import { readTable } from "./read-table.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "quire-table-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function file(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

test("a table is read by its ending and described", async () => {
  const text = "day,price,shop\n2024-01-31,1.5,a\n2024-02-01,,b\n2024-02-02,-3,a\n2024-02-02,2,b\n";
  const table = await readTable(await file("prices.csv", text));
  expect(describe(table)).toEqual({
    name: "prices.csv",
    format: 'CSV with "," between fields',
    rows: 4,
    columns: [
      {
        name: "day",
        kind: "date",
        missing: 0,
        range: ["2024-01-31", "2024-02-02"],
        examples: ["2024-01-31", "2024-02-01", "2024-02-02"],
      },
      {
        name: "price",
        kind: "number",
        missing: 1,
        range: ["-3", "2"],
        examples: ["1.5", "-3", "2"],
      },
      { name: "shop", kind: "category", missing: 0, categories: 2, examples: ["a", "b"] },
    ],
  });
  const tabbed = await readTable(await file("t.tsv", "a\tb\n1,5\tx\n"));
  expect(describe(tabbed).format).toBe("TSV with tabs between fields, decimal commas");
});

test("files that are no tables are refused", async () => {
  const missing = join(folder, "nowhere.csv");
  const picture = await file("picture.png", "");
  const bare = await file("bare", "a\n1\n");
  const refusals: readonly (readonly [string, string])[] = [
    [missing, `table "${missing}" does not exist: check the path.`],
    [
      join(bare, "x.csv"),
      `table "${join(bare, "x.csv")}" does not exist: a part of its path is a file.`,
    ],
    [folder, `"${folder}" is a folder: pass the path of a file.`],
    [
      picture,
      'picture.png: ".png" is no table\'s ending: use a file that ends in .csv, .tsv, .jsonl, .json, .parquet, .arrow or .xlsx.',
    ],
    [
      bare,
      "bare: the name has no ending: use a file that ends in .csv, .tsv, .jsonl, .json, .parquet, .arrow or .xlsx.",
    ],
  ];
  for (const [path, message] of refusals) {
    await expect(readTable(path)).rejects.toThrow(new DataError(message));
  }
});
