import { DataError } from "../errors.ts";
import type { DateOrder } from "./date-text.ts";
import { checkKinds, checkNames, type Kinds } from "./header.ts";
import { Table } from "./table.ts";
import { valueColumn } from "./value-column.ts";

/** How a table of values with types is read. */
export interface TypedTableOptions {
  /** Kinds of columns by their names, instead of those inferred. */
  readonly kinds?: Kinds;
  /** Which of `03/04/2024` comes first, where texts are to be dates. */
  readonly dateOrder?: DateOrder;
}

/** What a reader of a format with types has found. */
export interface TypedContent {
  readonly format: string;
  readonly names: readonly string[];
  /** The values of each column. */
  readonly values: readonly ArrayLike<unknown>[];
  readonly rows: number;
  /** Where a row stands, such as `line 3`. */
  readonly place: (row: number) => string;
  /** Where the names stand, such as `, row 1`. */
  readonly namesAt?: string;
}

/**
 * Makes a table of columns of values with types.
 *
 * @throws DataError when there is no row or no column, a name is empty or comes twice, or a value is not of the
 * kind set for its column.
 */
export function typedTable(
  name: string,
  { format, names, values, rows, place, namesAt = "" }: TypedContent,
  { kinds = {}, dateOrder }: TypedTableOptions,
): Table {
  if (names.length === 0 || rows === 0) {
    throw new DataError(`${name} holds no rows: give it at least one.`);
  }
  const checked = checkNames(names, `${name}${namesAt}`);
  checkKinds(kinds, checked, name);
  const columns = checked.map((each, i) =>
    valueColumn(each, values[i] ?? [], {
      kind: kinds[each],
      dateOrder,
      place: (row) => `${name}, ${place(row)}`,
    }),
  );
  return new Table({ name, format, columns, rows, place });
}

/** The values of records by their names, in the order in which names first come; a name left out is missing. */
export function recordColumns(records: readonly Readonly<Record<string, unknown>>[]): {
  readonly names: readonly string[];
  readonly values: readonly unknown[][];
} {
  const columns = new Map<string, unknown[]>();
  records.forEach((record, row) => {
    for (const name of Object.keys(record)) {
      const column = columns.get(name) ?? new Array<unknown>(records.length);
      if (!columns.has(name)) columns.set(name, column);
      column[row] = record[name];
    }
  });
  return { names: [...columns.keys()], values: [...columns.values()] };
}
