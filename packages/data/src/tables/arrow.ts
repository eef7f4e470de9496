import { DataError } from "../errors.ts";
import type { Table } from "./table.ts";
import { type TypedTableOptions, typedTable } from "./typed-table.ts";

/**
 * Reads Arrow's file format (also called Feather 2) and its stream format, plain or compressed by zstd.
 *
 * @param name what errors call the table.
 * @throws DataError when the bytes are not Arrow, or it holds no rows.
 */
export async function parseArrow(
  bytes: Uint8Array,
  name: string,
  options: TypedTableOptions = {},
): Promise<Table> {
  if (bytes.length === 0) throw new DataError(`${name} is empty: give it at least one row.`);
  const { names, values, rows } = await readColumns(bytes).catch((cause: unknown) => {
    throw new DataError(
      `${name} is no whole Arrow file, or is compressed by LZ4: write it again without compression.`,
      { cause },
    );
  });
  const place = (row: number): string => `row ${row + 1}`;
  return typedTable(name, { format: "Arrow", names, values, rows, place }, options);
}

async function readColumns(
  bytes: Uint8Array,
): Promise<{ names: string[]; values: unknown[][]; rows: number }> {
  const [arrow, { decompressZstd }] = await Promise.all([
    import("apache-arrow"),
    import("hyparquet-compressors"),
  ]);
  arrow.compressionRegistry.set(arrow.CompressionType.ZSTD, {
    // Copied, because numbers of eight bytes must begin at a multiple of eight.
    decode: (data) => decompressZstd(data).slice(),
  });
  const table = arrow.tableFromIPC(bytes);
  const names = table.schema.fields.map(({ name }) => name);
  const values = table.schema.fields.map(({ type }, i): unknown[] => {
    const isTime = arrow.DataType.isDate(type) || arrow.DataType.isTimestamp(type);
    const column = Array.from<unknown>(table.getChildAt(i) ?? []);
    return isTime ? column.map(asDate) : column;
  });
  return { names, values, rows: table.numRows };
}

function asDate(value: unknown): unknown {
  return value === null || value instanceof Date ? value : new Date(Number(value));
}
