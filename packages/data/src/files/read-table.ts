import { checkTableName, parseTable, type TableOptions } from "../tables/parse-table.ts";
import type { Table } from "../tables/table.ts";
import { readBytes } from "./read.ts";

/**
 * Reads a table of any format by its file's ending: csv, tsv, jsonl, json, parquet, arrow or xlsx.
 *
 * @example
 * const prices = await readTable("prices.csv", { kinds: { zip: "text" } });
 * @throws DataError when the file cannot be read or holds no table; the sentence names the line and column.
 */
export async function readTable(path: string, options: TableOptions = {}): Promise<Table> {
  const bytes = await readBytes(path, "table");
  const { basename } = await import("node:path");
  const name = basename(path);
  checkTableName(name);
  return await parseTable(bytes, name, options);
}
