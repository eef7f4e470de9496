import {
  type Column,
  type ColumnKind,
  countMissing,
  dateText,
  isNumeric,
  textAt,
} from "./column.ts";
import type { Table } from "./table.ts";

/** What is known of a column. */
export interface ColumnDescription {
  readonly name: string;
  readonly kind: ColumnKind;
  /** How many values are missing. */
  readonly missing: number;
  /** The smallest and largest value of numbers and dates as texts. */
  readonly range?: readonly [string, string];
  /** How many categories there are. */
  readonly categories?: number;
  /** The first values, as texts, different ones where they are categories. */
  readonly examples: readonly string[];
}

/** What is known of a table, as a preview shows it. */
export interface TableDescription {
  readonly name: string;
  readonly format: string;
  readonly rows: number;
  readonly columns: readonly ColumnDescription[];
}

const EXAMPLES = 3;

/** Describes a table: its format, its rows, and each column's kind, missing values, range and first values. */
export function describe({ name, format, rows, columns }: Table): TableDescription {
  return { name, format, rows, columns: columns.map((column) => describeColumn(column, rows)) };
}

function describeColumn(column: Column, rows: number): ColumnDescription {
  const range = rangeOf(column);
  return {
    name: column.name,
    kind: column.kind,
    missing: countMissing(column),
    ...(range ? { range } : {}),
    ...(column.kind === "category" ? { categories: column.categories.length } : {}),
    examples: examplesOf(column, rows),
  };
}

function rangeOf(column: Column): readonly [string, string] | undefined {
  if (!isNumeric(column) || column.kind === "boolean") return undefined;
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of column.values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (low > high) return undefined;
  const shown = column.kind === "date" ? dateText : String;
  return [shown(low), shown(high)];
}

function examplesOf(column: Column, rows: number): string[] {
  if (column.kind === "category") return column.categories.slice(0, EXAMPLES);
  const examples: string[] = [];
  for (let row = 0; row < rows && examples.length < EXAMPLES; row++) {
    const text = textAt(column, row);
    if (text !== undefined) examples.push(text);
  }
  return examples;
}
