import { tableFromArrays, tableToIPC } from "apache-arrow";
import { parquetWriteBuffer } from "hyparquet-writer";
import writeXlsx from "write-excel-file/node";

/** Columns of a table of every kind, the same for the same number of rows. */
export interface Columns {
  readonly day: readonly Date[];
  readonly price: readonly number[];
  readonly change: readonly (number | null)[];
  readonly count: readonly number[];
  readonly shop: readonly string[];
  readonly open: readonly boolean[];
  readonly note: readonly string[];
}

/** The formats that are measured, by their files' endings. */
export const formats = ["csv", "quoted.csv", "tsv", "jsonl", "parquet", "arrow", "xlsx"] as const;

/** A format that is measured. */
export type Format = (typeof formats)[number];

/** Makes the columns; the numbers follow from the row alone. */
export function makeColumns(rows: number): Columns {
  const each = <T>(make: (row: number) => T): T[] =>
    Array.from({ length: rows }, (_, i) => make(i));
  const noise = (row: number): number => ((row * 2_654_435_761) % 1_000_003) / 1_000_003;
  return {
    day: each((row) => new Date(1_600_000_000_000 + row * 60_000)),
    price: each((row) => Number((100 * noise(row)).toFixed(4))),
    change: each((row) => (row % 50 === 0 ? null : Number((noise(row + 7) - 0.5).toFixed(6)))),
    count: each((row) => row % 1000),
    shop: each((row) => `shop ${row % 40}`),
    open: each((row) => row % 3 === 0),
    note: each((row) => `delivered to door ${row}`),
  };
}

/** The bytes of a file of the columns. */
export async function writeFormat(format: Format, columns: Columns): Promise<Uint8Array> {
  switch (format) {
    case "csv":
      return delimited(columns, ",", (text) => text);
    case "quoted.csv":
      return delimited(columns, ",", (text) => `"${text}, ""new"""`);
    case "tsv":
      return delimited(columns, "\t", (text) => text);
    case "jsonl":
      return lines(columns, (record) => JSON.stringify(record));
    case "parquet":
      return new Uint8Array(
        parquetWriteBuffer({
          columnData: Object.entries(columns).map(([name, data]) => ({ name, data })),
        }),
      );
    case "arrow":
      return tableToIPC(tableFromArrays({ ...columns }), "file");
    case "xlsx":
      return await workbook(columns);
  }
}

type Value = Date | number | string | boolean | null;

function recordAt(columns: Columns, row: number): Record<string, Value> {
  const entries = Object.entries(columns) as [string, readonly Value[]][];
  return Object.fromEntries(entries.map(([name, values]) => [name, values[row] ?? null]));
}

function lines(columns: Columns, line: (record: Record<string, Value>) => string): Uint8Array {
  const text = columns.day.map((_, row) => line(recordAt(columns, row)));
  return new TextEncoder().encode(`${text.join("\n")}\n`);
}

function delimited(columns: Columns, mark: string, note: (text: string) => string): Uint8Array {
  const cell = ([name, value]: [string, Value]): string => {
    if (value instanceof Date) return value.toISOString().slice(0, 19);
    return name === "note" ? note(String(value)) : String(value ?? "");
  };
  const body = lines(columns, (record) => Object.entries(record).map(cell).join(mark));
  const head = new TextEncoder().encode(`${Object.keys(columns).join(mark)}\n`);
  return Buffer.concat([head, body]);
}

async function workbook(columns: Columns): Promise<Uint8Array> {
  const cell = (value: Value) =>
    value instanceof Date ? { value, type: Date, format: "yyyy-mm-dd hh:mm" } : value;
  const head = Object.keys(columns).map((name) => cell(name));
  const body = columns.day.map((_, row) => Object.values(recordAt(columns, row)).map(cell));
  return new Uint8Array(
    await writeXlsx([{ data: [head, ...body] as never, sheet: "data" }]).toBuffer(),
  );
}
