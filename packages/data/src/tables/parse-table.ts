import { DataError } from "../errors.ts";
import { parseArrow } from "./arrow.ts";
import { type DelimitedOptions, parseDelimited } from "./delimited.ts";
import { parseJsonLines, parseJsonTable } from "./json-lines.ts";
import { parseParquet } from "./parquet.ts";
import type { Table } from "./table.ts";
import { parseXlsx, type XlsxOptions } from "./xlsx.ts";

/** How a table is read, whatever its format; an option that a format has no use for is left aside. */
export type TableOptions = DelimitedOptions & Pick<XlsxOptions, "sheet">;

type Parser = (bytes: Uint8Array, name: string, options: TableOptions) => Table | Promise<Table>;

const parsers: Readonly<Record<string, Parser>> = {
  csv: parseDelimited,
  tsv: parseTabbed,
  tab: parseTabbed,
  jsonl: parseJsonLines,
  ndjson: parseJsonLines,
  json: parseJsonTable,
  parquet: parseParquet,
  arrow: parseArrow,
  feather: parseArrow,
  ipc: parseArrow,
  xlsx: parseXlsx,
};

/**
 * Reads a table by its name's ending: csv, tsv, jsonl, json, parquet, arrow or xlsx.
 *
 * @param name the file's name, which errors call the table by.
 * @throws DataError when the ending is none of these, or the format's reader refuses the bytes.
 */
export async function parseTable(
  bytes: Uint8Array,
  name: string,
  options: TableOptions = {},
): Promise<Table> {
  return await parserOf(name)(bytes, name, options);
}

/**
 * Refuses a name whose ending is no table's.
 *
 * @throws DataError naming the file.
 */
export function checkTableName(name: string): void {
  parserOf(name);
}

function parseTabbed(bytes: Uint8Array, name: string, options: TableOptions): Table {
  return parseDelimited(bytes, name, { delimiter: "\t", ...options });
}

function parserOf(name: string): Parser {
  const ending = /\.([^./\\]+)$/.exec(name)?.[1]?.toLowerCase() ?? "";
  const parser = Object.hasOwn(parsers, ending) ? parsers[ending] : undefined;
  if (parser) return parser;
  throw new DataError(
    `${name}: ${ending === "" ? "the name has no ending" : `".${ending}" is no table's ending`}: use a file ` +
      "that ends in .csv, .tsv, .jsonl, .json, .parquet, .arrow or .xlsx.",
  );
}
