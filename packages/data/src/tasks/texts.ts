import { counted } from "../counted.ts";
import { DataError } from "../errors.ts";
import type { Table } from "../tables/table.ts";
import { checkRows, readLabels } from "./task-columns.ts";

/** Texts and their classes. Format: a table with a column of texts and a column of classes. */
export interface TextClassificationData {
  readonly texts: readonly string[];
  /** The class of each text, `[N]`, as an index into `classes`. */
  readonly labels: Int32Array;
  readonly classes: readonly string[];
  readonly size: number;
  describe(): string;
}

/**
 * Reads texts with classes from a table.
 *
 * @throws DataError when a column or a value is missing, or all texts are of one class.
 */
export function textClassification(
  table: Table,
  { text, label }: { readonly text: string; readonly label: string },
): TextClassificationData {
  checkRows(table, 2, "a classification");
  const texts = table.completeTexts(text);
  const { labels, classes } = readLabels(table, label);
  const describe = (): string =>
    `${counted(texts.length, "text")} in ${counted(classes.length, "class")}: ${classes.join(", ")}`;
  return { texts, labels, classes, size: texts.length, describe };
}

/** Pairs of texts, perhaps with a class. Format: a table with two columns of texts and perhaps one of classes. */
export interface TextPairsData {
  readonly left: readonly string[];
  readonly right: readonly string[];
  /** The class of each pair, where there are classes. */
  readonly labels?: Int32Array;
  readonly classes?: readonly string[];
  readonly size: number;
  describe(): string;
}

/**
 * Reads pairs of texts from a table.
 *
 * @throws DataError when a column or a value is missing, or all pairs are of one class.
 */
export function textPairs(
  table: Table,
  options: { readonly left: string; readonly right: string; readonly label?: string },
): TextPairsData {
  const left = table.completeTexts(options.left);
  const right = table.completeTexts(options.right);
  const found = options.label === undefined ? undefined : readLabels(table, options.label);
  const classes = found ? ` in ${counted(found.classes.length, "class")}` : "";
  return {
    left,
    right,
    ...found,
    size: left.length,
    describe: () => `${counted(left.length, "pair")} of texts${classes}`,
  };
}

/** A record of a table for linkage: the text of each of its fields, empty where one is missing. */
export type LinkageRecord = readonly string[];

/**
 * Records of two tables and which of them are the same thing. Format: two tables with an id column each, and a
 * third one of two columns, whose rows are pairs of ids; without it, equal ids are the same.
 */
export interface LinkageData {
  /** The fields that both tables have, without the ids. */
  readonly fields: readonly string[];
  readonly left: readonly LinkageRecord[];
  readonly right: readonly LinkageRecord[];
  /** Places in `left` and `right` that belong together, `[M, 2]`. */
  readonly matches: Int32Array;
  /** How many pairs belong together. */
  readonly size: number;
  describe(): string;
}

/**
 * Reads two tables for record linkage.
 *
 * @param id the column that names a record, in both tables.
 * @throws DataError when an id is missing or comes twice in a table, the tables share no field, a match names no
 * record, or nothing matches.
 */
export function linkage(
  left: Table,
  right: Table,
  { id, matches }: { readonly id: string; readonly matches?: Table },
): LinkageData {
  const [leftIds, rightIds] = [idsOf(left, id), idsOf(right, id)];
  const fields = left.columns
    .map(({ name }) => name)
    .filter((name) => name !== id && right.has(name));
  if (fields.length === 0) {
    throw new DataError(
      `${left.name} and ${right.name} share no column beside "${id}": give both the same column names.`,
    );
  }
  const pairs = matches
    ? listedPairs(matches, [left.name, leftIds], [right.name, rightIds])
    : [...leftIds].flatMap(([each, row]) =>
        rightIds.has(each) ? [[row, rightIds.get(each) as number]] : [],
      );
  if (pairs.length === 0) {
    throw new DataError(
      `no record of ${left.name} matches one of ${right.name}: check that "${id}" means the same in both.`,
    );
  }
  const describe = (): string =>
    `${left.rows} and ${counted(right.rows, "record")}, ${pairs.length} of which match; fields: ${fields.join(", ")}`;
  return {
    fields,
    left: recordsOf(left, fields),
    right: recordsOf(right, fields),
    matches: Int32Array.from(pairs.flat()),
    size: pairs.length,
    describe,
  };
}

function idsOf(table: Table, id: string): Map<string, number> {
  const ids = new Map<string, number>();
  table.completeTexts(id).forEach((text, row) => {
    const before = ids.get(text);
    if (before !== undefined) {
      throw table.wrongValue(
        row,
        id,
        `"${text}" stands in ${table.place(before)} already: give every record an id of its own.`,
      );
    }
    ids.set(text, row);
  });
  return ids;
}

type Ids = readonly [table: string, rows: ReadonlyMap<string, number>];

function listedPairs(table: Table, left: Ids, right: Ids): number[][] {
  if (table.columns.length !== 2) {
    throw new DataError(
      `${table.name} has ${counted(table.columns.length, "column")}, but matches are two: an id of each table.`,
    );
  }
  const sides = [left, right].map(([name, ids], side) => {
    const column = table.columns[side]?.name ?? "";
    return table.completeTexts(column).map((text, row) => {
      const found = ids.get(text);
      if (found !== undefined) return found;
      throw table.wrongValue(row, column, `${name} has no record "${text}": correct the id.`);
    });
  });
  return (sides[0] ?? []).map((row, i) => [row, sides[1]?.[i] as number]);
}

function recordsOf(table: Table, fields: readonly string[]): LinkageRecord[] {
  const columns = fields.map((name) => table.texts(name));
  return Array.from({ length: table.rows }, (_, row) => columns.map((column) => column[row] ?? ""));
}
