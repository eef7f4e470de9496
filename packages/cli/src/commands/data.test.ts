import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { shapes } from "@quire/data";
import sharp from "sharp";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { Console } from "../console.ts";
import { quire } from "../testing/quire.ts";
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

test("previews what is no table", async () => {
  const { images, labels, classes, imageBytes } = shapes({ count: 9, size: 8, seed: 4 });
  for (const [place, label] of labels.entries()) {
    const path = join(folder, "pictures", classes[label] as string);
    await mkdir(path, { recursive: true });
    const pixels = images.subarray(place * imageBytes, (place + 1) * imageBytes);
    const raw = { width: 8, height: 8, channels: 3 as const };
    await sharp(pixels, { raw })
      .png()
      .toFile(join(path, `${place}.png`));
  }
  const counts = classes.map((_, label) => labels.filter((one) => one === label).length);
  const seen = classes
    .map((name, i) => [name, counts[i] as number] as const)
    .filter(([, number]) => number > 0)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const { out } = await quire("data", join(folder, "pictures"));
  expect(out).toContain(
    `pictures: 9 pictures of ${seen.length} classes, colour, 8 x 8 pixels unless --size says otherwise\n`,
  );
  const found = JSON.parse((await quire("data", join(folder, "pictures"), "--json")).out);
  expect(found.classes).toEqual(Object.fromEntries(seen));

  await writeFile(join(folder, "book.txt"), "One line.\nAnother one.\n");
  await writeFile(join(folder, "genes.fasta"), ">one\nACGT\n>two\nAC\n");
  await writeFile(join(folder, "words.conll"), "Ada B-PER\nlaughs O\n\n");
  const texts: string[] = [];
  for (const name of ["book.txt", "genes.fasta", "words.conll"]) {
    texts.push((await quire("data", join(folder, name))).out);
  }
  expect(texts).toMatchInlineSnapshot(`
    [
      "book.txt: 1 text of 23 characters
    ",
      "genes.fasta: 2 sequences of 6 letters, at most 4; alphabet: ACGT
    ",
      "words.conll: 1 sentence of 2 words; tags: O, B-PER
    ",
    ]
  `);
});
