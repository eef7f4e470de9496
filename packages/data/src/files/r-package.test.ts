import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseR } from "../r/parse-r.ts";
import { readRPackage } from "./r-package.ts";
import { unpackR } from "./unpack-r.ts";

const files = JSON.parse(
  readFileSync(new URL("../../references/r.json", import.meta.url), "utf8"),
) as Readonly<Record<string, string>>;

let library = "";
const before = process.env["R_LIBS"];

beforeAll(() => {
  library = mkdtempSync(join(tmpdir(), "quire-r-"));
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(library, path)), { recursive: true });
    writeFileSync(join(library, path), Buffer.from(content, "base64"));
  }
  process.env["R_LIBS"] = library;
});

afterAll(() => {
  rmSync(library, { recursive: true });
  if (before === undefined) delete process.env["R_LIBS"];
  else process.env["R_LIBS"] = before;
});

describe("readRPackage", () => {
  test.each(["lazy", "saved"])(
    "reads every kind of column of a package's table (%s)",
    async (name) => {
      const table = await readRPackage(name, "frame");
      expect(table.columns).toEqual([
        { name: "whole", kind: "integer", values: Float64Array.of(1, Number.NaN, -3) },
        { name: "real", kind: "number", values: Float64Array.of(0.5, Number.NaN, Number.NaN) },
        { name: "truth", kind: "boolean", values: Float64Array.of(1, Number.NaN, 0) },
        { name: "text", kind: "text", texts: ["a", undefined, "café"] },
        {
          name: "level",
          kind: "category",
          codes: Int32Array.of(0, 1, -1),
          categories: ["low", "high"],
        },
        {
          name: "day",
          kind: "date",
          values: Float64Array.of(Date.UTC(2024, 0, 31), Number.NaN, -86_400_000),
        },
        {
          name: "time",
          kind: "date",
          values: Float64Array.of(Date.UTC(2024, 0, 31, 6, 30), Number.NaN, 1000),
        },
        { name: "sequence", kind: "integer", values: Float64Array.of(5, 6, 7) },
      ]);
      expect([table.name, table.rows, table.place(1)]).toEqual([`${name}::frame`, 3, "row 2"]);
    },
  );

  test("refuses what is not there, in one sentence", async () => {
    const refused = async (name: string, table: string): Promise<string> =>
      await readRPackage(name, table).then(String, (error: Error) => error.message);
    expect(await refused("nowhere", "frame")).toBe(
      'The R package "nowhere", which holds the data, is not installed: run "apt-get install r-cran-nowhere", or name ' +
        "the folder it is in by the variable R_LIBS.",
    );
    expect(await refused("lazy", "fram")).toBe(
      'The R package "lazy" has no data called "fram"; did you mean "frame"?',
    );
    expect(await refused("saved", "zzzzzz")).toBe(
      'The R package "saved" has no data called "zzzzzz"; there are "frame", "nested", "other".',
    );
    expect(await refused("lazy", "other")).toBe(
      "lazy::other is no data frame: name another object of the package.",
    );
    for (const name of ["lazy", "saved"]) {
      expect(await refused(name, "nested")).toBe(
        `${name}::nested, column "parts": it holds lists or a matrix, and a table's columns hold single values: leave it out.`,
      );
    }
    // Packed by bzip2: what it holds is seen.
    expect(await refused("saved", "other")).toBe(
      "saved::other is no data frame: name another object of the package.",
    );
  });
});

describe("parseR", () => {
  test("refuses what is no file of R or ends early", async () => {
    const bytes = await unpackR(
      Buffer.from(files["saved/data/frame.rda"] ?? "", "base64"),
      "a.rda",
    );
    const end = "write it again by R's save() or saveRDS().";
    expect(() => parseR(bytes.subarray(0, 300), "a.rda")).toThrow(
      `a.rda: it ends too early: ${end}`,
    );
    expect(() => parseR(Buffer.from("text"), "a.rda")).toThrow(
      `a.rda: it is no file of R in binary form: ${end}`,
    );
    await expect(unpackR(Uint8Array.of(0x1f, 0x8b, 1, 2), "a.rda")).rejects.toThrow(
      /^a\.rda: it cannot be unpacked \(.+\): write it again by R's save\(\) or saveRDS\(\)\.$/,
    );
  });
});
