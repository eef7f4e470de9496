import { type Column, parseTable, type Table, type TableOptions } from "@quire/data";
import type { GivenFile } from "../task-answer.ts";

/** The table that a file holds; lists of names come as texts, one a line. */
export function givenTable({ name, bytes }: GivenFile, options: TableOptions = {}): Promise<Table> {
  return parseTable(bytes, name.replace(/\.(txt|md)$/i, ".csv"), options);
}

/** The columns of numbers of a table. */
export function numberColumns(table: Table): readonly Column[] {
  return table.columns.filter(({ kind }) => kind === "number" || kind === "integer");
}

/** How many columns, in words. */
export function columnsText(count: number): string {
  return count === 1 ? "1 column" : `${count} columns`;
}
