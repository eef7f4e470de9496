import { parseTable, type Table, type TableOptions } from "@quire/data";
import type { GivenFile } from "../task-answer.ts";

/** The table that a file holds; lists of names come as texts, one a line. */
export function givenTable({ name, bytes }: GivenFile, options: TableOptions = {}): Promise<Table> {
  return parseTable(bytes, name.replace(/\.(txt|md)$/i, ".csv"), options);
}
