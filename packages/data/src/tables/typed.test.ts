import { gzipSync } from "node:zlib";
import { tableFromArrays, tableToIPC } from "apache-arrow";
import { parquetWriteBuffer } from "hyparquet-writer";
import { expect, test } from "vitest";
import writeXlsx from "write-excel-file/node";
import { DataError } from "../errors.ts";
import { parseArrow } from "./arrow.ts";
import { parseJsonLines, parseJsonTable } from "./json-lines.ts";
import { parseParquet } from "./parquet.ts";
import type { Table } from "./table.ts";
import { parseXlsx } from "./xlsx.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);
const days = ["2024-01-31", "2024-02-01", "2024-02-02", "2024-02-03"];
const times = days.map((day) => Date.parse(day));

/** The same table in every format: a date, a number with one missing, a boolean, a category. */
const expected = [
  { name: "day", kind: "date", values: Float64Array.from(times) },
  { name: "price", kind: "number", values: Float64Array.of(1.5, Number.NaN, -2, 0.25) },
  { name: "open", kind: "boolean", values: Float64Array.of(1, 0, 1, 0) },
  { name: "shop", kind: "category", codes: Int32Array.of(0, 1, 0, 1), categories: ["a", "b"] },
];
const prices = [1.5, null, -2, 0.25];
const open = [true, false, true, false];
const shops = ["a", "b", "a", "b"];
const records = days.map((day, i) => ({ day, price: prices[i], open: open[i], shop: shops[i] }));

function check(table: Table, format: string, place: string): void {
  expect(table.columns).toEqual(expected);
  expect([table.format, table.rows, table.place(1)]).toEqual([format, 4, place]);
}

test("JSON Lines, with a byte-order mark and blank lines", () => {
  const lines = records.map((record) => JSON.stringify(record));
  check(parseJsonLines(utf8(`\uFEFF${lines.join("\n\n")}\n`), "t.jsonl"), "JSON Lines", "line 3");
});

test("a name that a line leaves out is missing, and nested values become JSON text", () => {
  const table = parseJsonLines(
    utf8('{"a": 1}\n{"b": {"c": [1, 2]}}\n{"a": 3, "b": null}'),
    "t.jsonl",
  );
  expect(table.columns).toEqual([
    { name: "a", kind: "integer", values: Float64Array.of(1, Number.NaN, 3) },
    { name: "b", kind: "category", codes: Int32Array.of(-1, 0, -1), categories: ['{"c":[1,2]}'] },
  ]);
});

test("texts of numbers stay texts unless a kind is set", () => {
  const source = utf8('{"a": "1"}\n{"a": "2"}');
  expect(parseJsonLines(source, "t.jsonl").column("a")).toEqual({
    name: "a",
    kind: "text",
    texts: ["1", "2"],
  });
  expect(parseJsonLines(source, "t.jsonl", { kinds: { a: "number" } }).numbers("a")).toEqual(
    Float64Array.of(1, 2),
  );
});

test("values of several types become texts", () => {
  const table = parseJsonTable(utf8('[{"a": 1}, {"a": "x"}, {"a": true}, {"a": null}]'), "t.json");
  expect(table.column("a")).toEqual({
    name: "a",
    kind: "text",
    texts: ["1", "x", "true", undefined],
  });
});

test("JSON", () => {
  check(parseJsonTable(utf8(JSON.stringify(records)), "t.json"), "JSON", "record 2");
});

test("Parquet in several compressions", async () => {
  for (const codec of ["UNCOMPRESSED", "SNAPPY", "GZIP"] as const) {
    const buffer = parquetWriteBuffer({
      columnData: [
        { name: "day", data: times.map((time) => new Date(time)), type: "TIMESTAMP" },
        { name: "price", data: prices, type: "DOUBLE" },
        { name: "open", data: open, type: "BOOLEAN" },
        { name: "shop", data: shops, type: "STRING" },
      ],
      codec,
      compressors: { GZIP: (bytes: Uint8Array) => new Uint8Array(gzipSync(bytes)) },
      rowGroupSize: 3,
    });
    const inside = new Uint8Array(buffer.byteLength + 8);
    inside.set(new Uint8Array(buffer), 5);
    const part = inside.subarray(5, 5 + buffer.byteLength);
    check(await parseParquet(part, "t.parquet"), "Parquet", "row 2");
  }
});

test("Parquet keeps integers of 64 bits apart that doubles cannot", async () => {
  const data = [1n, 9007199254740993n];
  const buffer = parquetWriteBuffer({ columnData: [{ name: "id", data, type: "INT64" }] });
  const table = await parseParquet(new Uint8Array(buffer), "t.parquet");
  expect(table.texts("id")).toEqual(["1", "9007199254740993"]);
});

test("Arrow, as a file and as a stream", async () => {
  const table = tableFromArrays({
    day: times.map((time) => new Date(time)),
    price: prices,
    open,
    shop: shops,
  });
  for (const form of ["file", "stream"] as const) {
    check(await parseArrow(tableToIPC(table, form), "t.arrow"), "Arrow", "row 2");
  }
});

async function workbook(rows: readonly (readonly unknown[])[]): Promise<Uint8Array> {
  const cells = rows.map((row) => row.map((value) => (value === null ? null : cell(value))));
  return new Uint8Array(await writeXlsx([{ data: cells, sheet: "Prices" }]).toBuffer());
}

function cell(value: unknown) {
  return value instanceof Date
    ? { value, type: Date, format: "yyyy-mm-dd" }
    : { value: value as string };
}

const header = ["day", "price", "open", "shop"];

test("xlsx, below blank rows", async () => {
  const body = records.map(({ day, price, ...rest }) => [
    new Date(day),
    price,
    rest.open,
    rest.shop,
  ]);
  const bytes = await workbook([[null], header, ...body]);
  check(await parseXlsx(bytes, "t.xlsx"), 'xlsx, sheet "Prices"', "row 4");
});

const refusals: readonly (readonly [string, () => unknown, string])[] = [
  [
    "empty JSON Lines",
    () => parseJsonLines(utf8("\uFEFF\n"), "t.jsonl"),
    "t.jsonl is empty: give it one JSON object a line.",
  ],
  [
    "JSON Lines of numbers",
    () => parseJsonLines(utf8('{"a": 1}\n5'), "t.jsonl"),
    't.jsonl, line 2: the line holds no object: write {"name": value, ...} on every line.',
  ],
  [
    "malformed JSON Lines",
    () => parseJsonLines(utf8('{"a": 1}\n{"a": }'), "t.jsonl"),
    't.jsonl, line 2: the text is not JSON (Unexpected token \'}\', "{"a": }" is not valid JSON): correct it.',
  ],
  [
    "a value that is not of the set kind",
    () => parseJsonLines(utf8('{"a": 1}\n{"a": "x"}'), "t.jsonl", { kinds: { a: "number" } }),
    't.jsonl, line 2, column "a": "x" is not a number: correct the value, or set another kind for the column.',
  ],
  [
    "empty JSON",
    () => parseJsonTable(utf8(" "), "t.json"),
    "t.json is empty: give it an array of JSON objects.",
  ],
  [
    "JSON that is no table",
    () => parseJsonTable(utf8('{"a": 1}'), "t.json"),
    't.json is not an array of objects: write the table as [{"name": value, ...}, ...], or as JSON Lines.',
  ],
  [
    "JSON without rows",
    () => parseJsonTable(utf8("[]"), "t.json"),
    "t.json holds no rows: give it at least one.",
  ],
  [
    "empty Parquet",
    () => parseParquet(new Uint8Array(), "t.parquet"),
    "t.parquet is empty: give it at least one row.",
  ],
  [
    "text as Parquet",
    () => parseParquet(utf8("day,price\n2024,1\n"), "t.parquet"),
    "t.parquet is not a Parquet file: it does not begin with PAR1.",
  ],
  [
    "Parquet cut off",
    () => parseParquet(utf8("PAR1 and no more"), "t.parquet"),
    "t.parquet is cut off: a Parquet file ends with PAR1; get it again.",
  ],
  [
    "damaged Parquet",
    () => parseParquet(utf8("PAR1 damaged\0\0\0\0PAR1"), "t.parquet"),
    "t.parquet is a damaged Parquet file: get it again.",
  ],
  [
    "empty Arrow",
    () => parseArrow(new Uint8Array(), "t.arrow"),
    "t.arrow is empty: give it at least one row.",
  ],
  [
    "text as Arrow",
    () => parseArrow(utf8("day,price\n2024,1\n"), "t.arrow"),
    "t.arrow is no whole Arrow file, or is compressed by LZ4: write it again without compression.",
  ],
  [
    "empty xlsx",
    () => parseXlsx(new Uint8Array(), "t.xlsx"),
    "t.xlsx is empty: save it again as xlsx.",
  ],
  [
    "text as xlsx",
    () => parseXlsx(utf8("day,price\n2024,1\n"), "t.xlsx"),
    "t.xlsx is not an xlsx workbook: save it as xlsx (a workbook of the old xls format is not read).",
  ],
  [
    "an unknown sheet",
    async () => parseXlsx(await workbook([["a"], [1]]), "t.xlsx", { sheet: "Price" }),
    't.xlsx has no sheet "Price"; did you mean "Prices"?',
  ],
  [
    "a blank sheet",
    async () => parseXlsx(await workbook([[null]]), "t.xlsx"),
    't.xlsx, sheet "Prices" is empty: fill it or name another one.',
  ],
  [
    "a sheet of names alone",
    async () => parseXlsx(await workbook([["a"]]), "t.xlsx"),
    "t.xlsx holds no rows: give it at least one.",
  ],
  [
    "a value beyond the names",
    async () =>
      parseXlsx(
        await workbook([
          ["a", "b"],
          [1, 2, 3],
        ]),
        "t.xlsx",
      ),
    't.xlsx, sheet "Prices", row 2: cell 3 holds a value, but the names in the first row end at cell 2: name the column, or clear the cell.',
  ],
  [
    "a column without a name",
    async () =>
      parseXlsx(
        await workbook([
          ["a", null, "b"],
          [1, 2, 3],
        ]),
        "t.xlsx",
      ),
    "t.xlsx, row 1: column 2 of 3 has no name: give every column a name.",
  ],
];

test.each(refusals)("refuses %s", async (_, read, message) => {
  await expect((async () => read())()).rejects.toThrow(new DataError(message));
});
