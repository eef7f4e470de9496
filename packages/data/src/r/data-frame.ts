import { DataError } from "../errors.ts";
import type { Column } from "../tables/column.ts";
import { checkNames } from "../tables/header.ts";
import { Table } from "../tables/table.ts";
import { valueColumn } from "../tables/value-column.ts";
import { attributeTexts, missingInteger, type RValue, type RVector } from "./r-value.ts";

/** Milliseconds of the unit that a class of times counts in. */
const timeUnits = [
  ["Date", 86_400_000],
  ["POSIXct", 1000],
] as const;

/** Whether a value of R is a table. */
export function isDataFrame(value: RValue): value is RVector & { readonly kind: "list" } {
  return value?.kind === "list" && attributeTexts(value, "class").includes("data.frame");
}

/**
 * Makes a table of an R data frame: factors become categories, `Date` and `POSIXct` dates.
 *
 * @param name what errors call the table.
 * @throws DataError when the value is no data frame, has no rows, or a column of it is a list or a matrix.
 */
export function tableOfFrame(value: RValue, name: string): Table {
  if (!isDataFrame(value)) {
    throw new DataError(`${name} is no data frame: name another object of the package.`);
  }
  const names = checkNames(
    attributeTexts(value, "names").map((each) => each ?? ""),
    name,
  );
  const rows = lengthOf(value.values[0]);
  if (rows === 0) throw new DataError(`${name} holds no rows: give it at least one.`);
  const place = (row: number): string => `row ${row + 1}`;
  const columns = names.map((each, i) => columnOf(each, value.values[i], rows, name));
  return new Table({ name, format: "R data frame", columns, rows, place });
}

function lengthOf(value: RValue): number {
  return value && "values" in value ? value.values.length : 0;
}

function columnOf(name: string, value: RValue, rows: number, table: string): Column {
  if (!value || !("values" in value) || value.kind === "list" || value.values.length !== rows) {
    throw new DataError(
      `${table}, column "${name}": it holds lists or a matrix, and a table's columns hold single values: leave it out.`,
    );
  }
  const classes = attributeTexts(value, "class");
  if (classes.includes("factor")) return factorColumn(name, value, table);
  return valueColumn(name, valuesOf(value, classes), {
    place: (row) => `${table}, row ${row + 1}`,
  });
}

/** The values as other formats with types give them: null where one is missing. */
function valuesOf(value: RVector, classes: readonly (string | undefined)[]): unknown[] {
  const unit = timeUnits.find(([name]) => classes.includes(name))?.[1];
  return Array.from(value.values as ArrayLike<unknown>, (each) => {
    if (each === undefined || each === missingInteger || Number.isNaN(each)) return null;
    if (value.kind === "logical") return each === 1;
    return unit === undefined ? each : new Date(Number(each) * unit);
  });
}

/** Levels in the order in which they first come; those that no row has are left out. */
function factorColumn(name: string, { kind, values, attributes }: RVector, table: string): Column {
  const levels = attributes.get("levels");
  if (kind !== "integer" || levels?.kind !== "character") {
    throw new DataError(
      `${table}, column "${name}": it is a factor without levels: write it again.`,
    );
  }
  const places = new Map<number, number>();
  const codes = values.map((code) => {
    if (code === missingInteger) return -1;
    if (!places.has(code)) places.set(code, places.size);
    return places.get(code) as number;
  });
  const categories = [...places.keys()].map((code) => levels.values[code - 1] ?? "");
  return { name, kind: "category", codes, categories };
}
