import { DataError } from "../errors.ts";
import { ownBuffer } from "../own-buffer.ts";
import type { Table } from "./table.ts";
import { type TypedTableOptions, typedTable } from "./typed-table.ts";

/**
 * Reads Parquet, in any of its compressions.
 *
 * @param name what errors call the table.
 * @throws DataError when the bytes are no whole Parquet file, or it holds no rows.
 */
export async function parseParquet(
  bytes: Uint8Array,
  name: string,
  options: TypedTableOptions = {},
): Promise<Table> {
  checkMagic(bytes, name);
  const { names, values, rows } = await readColumns(bytes).catch((cause: unknown) => {
    throw new DataError(`${name} is a damaged Parquet file: get it again.`, { cause });
  });
  const place = (row: number): string => `row ${row + 1}`;
  return typedTable(name, { format: "Parquet", names, values, rows, place }, options);
}

function checkMagic(bytes: Uint8Array, name: string): void {
  if (bytes.length === 0) throw new DataError(`${name} is empty: give it at least one row.`);
  const magic = (start: number): string => String.fromCharCode(...bytes.subarray(start, start + 4));
  if (bytes.length < 12 || magic(0) !== "PAR1") {
    throw new DataError(`${name} is not a Parquet file: it does not begin with PAR1.`);
  }
  if (magic(bytes.length - 4) !== "PAR1") {
    throw new DataError(`${name} is cut off: a Parquet file ends with PAR1; get it again.`);
  }
}

async function readColumns(
  bytes: Uint8Array,
): Promise<{ names: string[]; values: unknown[][]; rows: number }> {
  const [{ parquetMetadata, parquetRead }, { compressors }] = await Promise.all([
    import("hyparquet"),
    import("hyparquet-compressors"),
  ]);
  const file = ownBuffer(bytes);
  const metadata = parquetMetadata(file);
  const rows = Number(metadata.num_rows);
  const columns = new Map<string, unknown[]>();
  await parquetRead({
    file,
    metadata,
    compressors,
    onChunk: ({ columnName, columnData, rowStart }) => {
      const column = columns.get(columnName) ?? new Array<unknown>(rows);
      columns.set(columnName, column);
      for (let i = 0; i < columnData.length; i++) column[rowStart + i] = columnData[i];
    },
  });
  return { names: [...columns.keys()], values: [...columns.values()], rows };
}
