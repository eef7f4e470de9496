import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { Console } from "../console.ts";
import { dataCommand } from "./data.ts";

let file = "";
let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "quire-data-"));
  file = join(folder, "prices.csv");
  await writeFile(
    file,
    'day;price;shop\n2024-01-31;1,5;a\n2024-02-01;;"b\nc"\n2024-02-02;2;a\n2024-02-03;3;a\n',
  );
});
afterAll(() => rm(folder, { recursive: true }));

/** What the command prints on standard output. */
async function run(options: { readonly json: boolean }): Promise<string> {
  const write = vi.spyOn(process.stdout, "write").mockReturnValue(true);
  try {
    const context = {
      console: new Console({ quiet: false, ...options }),
      words: [],
      interruptible: () => new AbortController().signal,
      fail: () => undefined,
    };
    await dataCommand.run([file], {}, context);
    return write.mock.calls.map(([text]) => text).join("");
  } finally {
    write.mockRestore();
  }
}

test("previews a table for people", async () => {
  expect(await run({ json: false })).toBe(
    [
      'prices.csv: CSV with ";" between fields, decimal commas; 4 rows, 3 columns',
      "",
      "column  kind      missing  values                    first ones",
      "------  --------  -------  ------------------------  ----------------------------------",
      "day     date            0  2024-01-31 to 2024-02-03  2024-01-31, 2024-02-01, 2024-02-02",
      "price   number          1  1.5 to 3                  1.5, 2, 3",
      "shop    category        0  2 different               a, b c",
      "",
    ].join("\n"),
  );
});

test("previews a table for programs", async () => {
  expect(JSON.parse(await run({ json: true }))).toEqual({
    name: "prices.csv",
    format: 'CSV with ";" between fields, decimal commas',
    rows: 4,
    columns: [
      {
        name: "day",
        kind: "date",
        missing: 0,
        range: ["2024-01-31", "2024-02-03"],
        examples: ["2024-01-31", "2024-02-01", "2024-02-02"],
      },
      {
        name: "price",
        kind: "number",
        missing: 1,
        range: ["1.5", "3"],
        examples: ["1.5", "2", "3"],
      },
      { name: "shop", kind: "category", missing: 0, categories: 2, examples: ["a", "b\nc"] },
    ],
  });
});
