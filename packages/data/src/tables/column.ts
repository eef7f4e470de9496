/** What a column's values are. */
export type ColumnKind = "number" | "integer" | "boolean" | "category" | "text" | "date";

/** All kinds of columns, as options name them. */
export const columnKinds: readonly ColumnKind[] = [
  "number",
  "integer",
  "boolean",
  "category",
  "text",
  "date",
];

/** A column whose values are numbers: a boolean is 0 or 1, a date the milliseconds since 1970 in UTC. */
export interface NumericColumn {
  readonly name: string;
  readonly kind: "number" | "integer" | "boolean" | "date";
  /** One value a row, NaN where it is missing. */
  readonly values: Float64Array;
}

/** A column of few different texts. */
export interface CategoryColumn {
  readonly name: string;
  readonly kind: "category";
  /** One index into `categories` a row, -1 where the value is missing. */
  readonly codes: Int32Array;
  /** The different texts, in the order in which they first come. */
  readonly categories: readonly string[];
}

/** A column of texts. */
export interface TextColumn {
  readonly name: string;
  readonly kind: "text";
  /** One text a row, undefined where it is missing. */
  readonly texts: readonly (string | undefined)[];
}

/** A column of a table. */
export type Column = NumericColumn | CategoryColumn | TextColumn;

/** Whether a column's values are numbers. */
export function isNumeric(column: Column): column is NumericColumn {
  return column.kind !== "category" && column.kind !== "text";
}

/** Whether the value of a row is missing. */
export function isMissing(column: Column, row: number): boolean {
  if (column.kind === "category") return column.codes[row] === -1;
  if (column.kind === "text") return column.texts[row] === undefined;
  return Number.isNaN(column.values[row]);
}

/** How many values of a column are missing. */
export function countMissing(column: Column): number {
  let count = 0;
  const rows = lengthOf(column);
  for (let row = 0; row < rows; row++) if (isMissing(column, row)) count++;
  return count;
}

/** How many rows a column has. */
export function lengthOf(column: Column): number {
  if (column.kind === "category") return column.codes.length;
  return column.kind === "text" ? column.texts.length : column.values.length;
}

/** The value of a row as a person reads it, undefined where it is missing; a date is ISO text. */
export function textAt(column: Column, row: number): string | undefined {
  if (isMissing(column, row)) return undefined;
  if (column.kind === "category") return column.categories[column.codes[row] as number];
  if (column.kind === "text") return column.texts[row];
  const value = column.values[row] as number;
  if (column.kind === "boolean") return value === 1 ? "true" : "false";
  return column.kind === "date" ? dateText(value) : String(value);
}

/** Milliseconds since 1970 as ISO text, without what is zero: `2024-01-31`, `2024-01-31T06:30`. */
export function dateText(milliseconds: number): string {
  const text = new Date(milliseconds).toISOString();
  return text.replace(/(?::00)?\.000Z$|Z$/, "").replace(/T00:00$/, "");
}

/** The column at the given rows, in that order. */
export function selectRows(column: Column, rows: ArrayLike<number>): Column {
  const { name, kind } = column;
  if (kind === "category") {
    const codes = Int32Array.from(rows, (row) => column.codes[row] as number);
    return { name, kind, codes, categories: column.categories };
  }
  if (kind === "text") {
    return { name, kind, texts: Array.from(rows, (row) => column.texts[row]) };
  }
  return { name, kind, values: Float64Array.from(rows, (row) => column.values[row] as number) };
}
