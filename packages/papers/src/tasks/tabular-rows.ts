// N rows, F encoded features

import { type CategoryColumn, type ColumnKind, DataError, type Table, tabular } from "@quire/data";
import {
  type CategoryEncoding,
  encodeNumbers,
  encodeTargets,
  type NumberEncoding,
  rowsOf,
  type TabularEncoding,
  type TabularRows,
} from "./tabular-encoding.ts";

/** Kinds that a table's columns are to be read as, so that it can be encoded; other columns are as they are. */
export function encodedKinds({ columns, target }: TabularEncoding): Record<string, ColumnKind> {
  const kinds = Object.fromEntries(columns.map(({ name, kind }) => [name, kind as ColumnKind]));
  return { ...kinds, [target.name]: target.predict === "class" ? "category" : "number" };
}

/**
 * Refuses a table that lacks columns which the model was trained on.
 *
 * @throws DataError that names them.
 */
export function requireColumns(encoding: TabularEncoding, table: Table): void {
  const missing = encoding.columns.filter(({ name }) => !table.has(name));
  if (missing.length > 0) {
    const names = missing.map(({ name }) => `"${name}"`).join(", ");
    throw new DataError(
      `${table.name} lacks ${missing.length === 1 ? "the column" : "the columns"} ${names}, which the model was trained on: ` +
        "add what is missing; its values may be left empty.",
    );
  }
}

/**
 * Encodes a table's features as the training rows' were; other columns are passed over. A category that no training row had
 * gets the mean of all.
 *
 * @returns `[N, F]`
 * @throws DataError when columns are missing or of another kind.
 */
export function encodeFeatures(encoding: TabularEncoding, table: Table): Float32Array {
  requireColumns(encoding, table);
  const values = encoding.columns.flatMap((column) =>
    column.kind === "category"
      ? [encodeCategories(column, table.categories(column.name))]
      : encodeNumbers(column, numbersOf(column, table)),
  );
  return rowsOf(values, encoding.order);
}

/**
 * Encodes a table whose target is known.
 *
 * @throws DataError when columns are missing or of another kind, or a target is missing or of a class that the model does
 * not know.
 */
export function encodeTable(encoding: TabularEncoding, table: Table): TabularRows {
  const { target, columns } = encoding;
  const inputs = encodeFeatures(encoding, table);
  if (target.predict === "class") {
    const targets = encodeLabels(table, target.name, target.classes);
    return { inputs, targets, size: table.rows };
  }
  const features = columns.map(({ name }) => name);
  const data = tabular(table, { target: target.name, features, predict: "number" });
  return { inputs, targets: encodeTargets(data.target, target), size: table.rows };
}

function encodeLabels(table: Table, name: string, classes: readonly string[]): Float32Array {
  const places = new Map(classes.map((label, place) => [label, place]));
  const texts = table.completeTexts(name);
  return Float32Array.from(texts, (text, row) => {
    const place = places.get(text);
    if (place !== undefined) return place;
    throw table.wrongValue(
      row,
      name,
      `"${text}" is none of the model's classes ${classes.map((label) => `"${label}"`).join(", ")}: correct it or leave the row out.`,
    );
  });
}

function numbersOf({ name, kind }: NumberEncoding, table: Table): Float64Array {
  return kind === "date" ? table.dates(name) : table.numbers(name);
}

function encodeCategories(
  { categories, values, missing, unseen }: CategoryEncoding,
  column: CategoryColumn,
): Float64Array {
  const known = new Map(categories.map((text, place) => [text, values[place] as number]));
  const encoded = column.categories.map((text) => known.get(text) ?? unseen);
  return Float64Array.from(column.codes, (code) =>
    code < 0 ? missing : (encoded[code] as number),
  );
}
