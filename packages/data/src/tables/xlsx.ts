import { DataError } from "../errors.ts";
import { suggestion } from "../nearest.ts";
import { ownBuffer } from "../own-buffer.ts";
import type { Table } from "./table.ts";
import { type TypedTableOptions, typedTable } from "./typed-table.ts";

/** How a workbook is read. */
export interface XlsxOptions extends TypedTableOptions {
  /** The sheet's name; the first one unless said. */
  readonly sheet?: string;
}

/**
 * Reads a sheet of an xlsx workbook: its first row that is not blank holds the names, the rows below the values;
 * blank rows are left out.
 *
 * @param name what errors call the table.
 * @throws DataError when the bytes are no workbook, it has no such sheet, or the sheet holds no table.
 */
export async function parseXlsx(
  bytes: Uint8Array,
  name: string,
  options: XlsxOptions = {},
): Promise<Table> {
  if (bytes.length === 0) throw new DataError(`${name} is empty: save it again as xlsx.`);
  const { sheet, data } = await readSheet(bytes, name, options.sheet);
  const rows = data
    .map((cells, row) => ({ cells, row }))
    .filter(({ cells }) => cells.some((cell) => cell !== null && cell !== ""));
  const [first, ...body] = rows;
  if (!first)
    throw new DataError(`${name}, sheet "${sheet}" is empty: fill it or name another one.`);
  const used = first.cells.findLastIndex((cell) => cell !== null && cell !== "") + 1;
  checkWidth(body, used, `${name}, sheet "${sheet}"`);
  const names = Array.from({ length: used }, (_, i) => String(first.cells[i] ?? ""));
  const values = names.map((_, i) => body.map(({ cells }) => cells[i] ?? null));
  return typedTable(
    name,
    {
      format: `xlsx, sheet "${sheet}"`,
      names,
      values,
      rows: body.length,
      place: (row) => `row ${(body[row]?.row ?? row) + 1}`,
      namesAt: `, row ${first.row + 1}`,
    },
    options,
  );
}

type Cell = unknown;

interface Sheet {
  readonly sheet: string;
  readonly data: readonly (readonly Cell[])[];
}

async function readSheet(
  bytes: Uint8Array,
  name: string,
  wanted: string | undefined,
): Promise<Sheet> {
  const { default: readXlsx } = await import("read-excel-file/universal");
  const sheets: readonly Sheet[] = await readXlsx(ownBuffer(bytes)).catch((cause: unknown) => {
    if (cause instanceof RangeError) {
      // The reader calls itself for every part of a sheet, as deep as the sheet is long.
      throw new DataError(`${name} is too large a workbook: save the sheet as CSV or Parquet.`, {
        cause,
      });
    }
    throw new DataError(
      `${name} is not an xlsx workbook: save it as xlsx (a workbook of the old xls format is not read).`,
      { cause },
    );
  });
  const found = wanted === undefined ? sheets[0] : sheets.find(({ sheet }) => sheet === wanted);
  if (found) return found;
  const names = sheets.map(({ sheet }) => sheet);
  throw new DataError(`${name} has no sheet "${wanted}"; ${suggestion(wanted ?? "", names)}`);
}

function checkWidth(
  rows: readonly { readonly cells: readonly Cell[]; readonly row: number }[],
  columns: number,
  where: string,
): void {
  for (const { cells, row } of rows) {
    const beyond = cells.findIndex((cell, i) => i >= columns && cell !== null && cell !== "");
    if (beyond < 0) continue;
    throw new DataError(
      `${where}, row ${row + 1}: cell ${beyond + 1} holds a value, but the names in the first row end ` +
        `at cell ${columns}: name the column, or clear the cell.`,
    );
  }
}
