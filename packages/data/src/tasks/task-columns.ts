import { counted } from "../counted.ts";
import { DataError } from "../errors.ts";
import { countMissing } from "../tables/column.ts";
import type { Table } from "../tables/table.ts";

/**
 * Refuses a table of too few rows.
 *
 * @throws DataError saying how many there are.
 */
export function checkRows(table: Table, least: number, why: string): void {
  if (table.rows >= least) return;
  throw new DataError(
    `${table.name} has ${counted(table.rows, "row")}, but ${why} needs at least ${least}: ` +
      "add rows.",
  );
}

/** Class names and one class a row, `[N]`, of a column that is all there. */
export interface Labels {
  readonly labels: Int32Array;
  readonly classes: readonly string[];
}

/**
 * The classes of a column, sorted by name, numbers by value.
 *
 * @throws DataError when a value is missing, or all rows are of one class.
 */
export function readLabels(table: Table, name: string): Labels {
  const column = table.categories(name);
  if (countMissing(column) > 0) table.completeTexts(name);
  const { categories, codes } = column;
  if (categories.length < 2) {
    throw new DataError(
      `${table.name}, column "${name}": every row is "${categories[0]}", and classes are at least two: name ` +
        "another column.",
    );
  }
  const classes = [...categories].sort(byValue);
  const places = new Map(classes.map((text, place) => [text, place]));
  const order = Int32Array.from(categories, (text) => places.get(text) as number);
  return { labels: codes.map((code) => order[code] as number), classes };
}

function byValue(a: string, b: string): number {
  const difference = Number(a) - Number(b);
  if (!Number.isNaN(difference)) return difference;
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
