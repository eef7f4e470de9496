import { counted } from "../counted.ts";
import { DataError } from "../errors.ts";
import type { Column, ColumnKind } from "./column.ts";
import { type DateOrder, detectDateOrder } from "./date-text.ts";
import { decodeText, type TextPieces } from "./decode-text.ts";
import { detectDelimiter } from "./delimiter.ts";
import { checkKinds, checkNames, type Kinds, misfit } from "./header.ts";
import { type DecimalMark, detectDecimal } from "./number-text.ts";
import { type Row, RowReader } from "./rows.ts";
import { Table } from "./table.ts";
import {
  guessKind,
  missingTexts,
  type TextReader,
  type TextRules,
  textReader,
} from "./text-reader.ts";

/** How a table of text is read; what is left out is found out. */
export interface DelimitedOptions {
  /** Kinds of columns by their names, instead of those inferred. */
  readonly kinds?: Kinds;
  /** What stands between fields, such as `;`. */
  readonly delimiter?: string;
  /** The mark between whole and fraction. */
  readonly decimal?: DecimalMark;
  /** Which of `03/04/2024` comes first. */
  readonly dateOrder?: DateOrder;
  /** Texts that stand for a missing value beside the empty one; NA, NaN, null and their like unless said. */
  readonly missing?: readonly string[];
  /** False when the first line holds values: columns are then called `column1`, `column2` and so on. */
  readonly header?: boolean;
  /** What the bytes are written in where they have no byte-order mark; UTF-8 unless said. */
  readonly encoding?: string;
}

interface Layout {
  readonly names: readonly string[];
  readonly delimiter: string;
  readonly kinds: readonly ColumnKind[];
  /** Kinds that the caller set. */
  readonly fixed: Kinds;
  readonly rules: TextRules;
  readonly header: boolean;
}

const SAMPLE_BYTES = 1 << 18;

/**
 * Reads CSV, TSV and their like: quoted fields (which may hold delimiters, line ends and doubled quotes), any line
 * end, byte-order marks. Delimiter, decimal mark, order of dates and the columns' kinds are inferred unless set.
 *
 * @param name what errors call the table.
 * @throws DataError naming the line and column, when the table is empty, a row has fields too many or too few, a
 * column has no name or another's, a quote is not closed, or a value is not of the kind set for its column.
 */
export function parseDelimited(
  bytes: Uint8Array,
  name: string,
  options: DelimitedOptions = {},
): Table {
  const text = decodeText(bytes, name, options.encoding);
  const [sample = ""] = text.pieces(SAMPLE_BYTES);
  if (sample.trim() === "")
    throw new DataError(`${name} is empty: give it a line of names and rows.`);
  let layout = findLayout(text, sample, name, options);
  for (;;) {
    const pass = readPass(text, name, layout);
    if ("columns" in pass) {
      return new Table({
        name,
        format: formatText(layout, text.encoding),
        columns: pass.columns,
        rows: pass.rows,
        place: (row) => `line ${pass.lineOf(row)}`,
      });
    }
    layout = { ...layout, kinds: pass.widened };
  }
}

function findLayout(
  text: TextPieces,
  sample: string,
  name: string,
  options: DelimitedOptions,
): Layout {
  const { header = true, kinds: fixed = {} } = options;
  const delimiter = options.delimiter ?? detectDelimiter(sample);
  const rows = sampleRows(text, name, delimiter);
  const [first] = rows;
  if (!first) throw new DataError(`${name} is empty: give it a line of names and rows.`);
  const names = header
    ? checkNames(first.fields, `${name}, line ${first.line}`)
    : first.fields.map((_, i) => `column${i + 1}`);
  checkKinds(fixed, names, name);
  const body = header ? rows.slice(1) : rows;
  const cells = names.map((_, i) => body.map((row) => row.fields[i] ?? ""));
  const rules = {
    decimal: options.decimal ?? detectDecimal(cells.flat(), delimiter),
    dateOrder: options.dateOrder,
    missing: options.missing ? new Set(options.missing) : missingTexts,
  };
  // The order is one for the table, as it is the habit of who wrote it.
  const dateOrder = rules.dateOrder ?? detectDateOrder(cells.flat());
  const kinds = names.map(
    (each, i) => fixed[each] ?? guessKind(cells[i] ?? [], { ...rules, dateOrder }),
  );
  return { names, delimiter, kinds, fixed, rules: { ...rules, dateOrder }, header };
}

function sampleRows(text: TextPieces, name: string, delimiter: string): Row[] {
  const rows: Row[] = [];
  for (const part of new RowReader(text, name, delimiter).parts(SAMPLE_BYTES)) {
    rows.push(...part);
    if (rows.length > 1) break;
  }
  return rows;
}

type Pass =
  | { readonly widened: readonly ColumnKind[] }
  | {
      readonly columns: readonly Column[];
      readonly rows: number;
      readonly lineOf: (row: number) => number;
    };

/** Reads all rows once; columns whose guessed kind did not fit are widened for the next pass. */
function readPass(text: TextPieces, name: string, layout: Layout): Pass {
  const { names, kinds, fixed, rules, delimiter, header } = layout;
  const readers: (TextReader | undefined)[] = names.map((each, i) =>
    textReader(each, kinds[i] as ColumnKind, rules, fixed[each] === undefined),
  );
  const reader = new RowReader(text, name, delimiter);
  let skip = header;
  let rows = 0;
  for (const part of reader.parts()) {
    for (const row of part) {
      if (skip) {
        skip = false;
        continue;
      }
      if (row.fields.length !== names.length) throw ragged(name, row, names.length, layout);
      rows++;
      takeRow(row, readers, layout, name);
    }
  }
  if (rows === 0)
    throw new DataError(`${name} holds a line of names but no rows: add rows below it.`);
  if (readers.includes(undefined)) {
    return { widened: kinds.map((kind, i) => (readers[i] ? kind : "category")) };
  }
  const columns = readers.flatMap((each) => (each ? [each.finish()] : []));
  return { columns, rows, lineOf: (row) => reader.lineOf(row + (header ? 1 : 0)) };
}

function takeRow(
  { fields, line }: Row,
  readers: (TextReader | undefined)[],
  { names, kinds, fixed }: Layout,
  name: string,
): void {
  for (let i = 0; i < fields.length; i++) {
    const field = fields[i] as string;
    if (readers[i]?.add(field) !== false) continue;
    const column = names[i] as string;
    if (fixed[column] !== undefined) {
      throw misfit(`${name}, line ${line}`, column, field, kinds[i] as ColumnKind);
    }
    readers[i] = undefined;
  }
}

function ragged(name: string, { fields, line }: Row, columns: number, layout: Layout): DataError {
  const found = counted(fields.length, "field");
  const wanted = counted(columns, "column");
  const mark = layout.delimiter === "\t" ? "tab" : `"${layout.delimiter}"`;
  return new DataError(
    `${name}, line ${line}: the line has ${found}, but the table has ${wanted}: correct the line, or put ` +
      `fields that hold a ${mark} in quotes.`,
  );
}

function formatText({ delimiter, rules, header }: Layout, encoding: string): string {
  const kind = delimiter === "\t" ? "TSV" : "CSV";
  const between = delimiter === "\t" ? "tabs" : `"${delimiter}"`;
  return [
    `${kind} with ${between} between fields`,
    ...(rules.decimal === "," ? ["decimal commas"] : []),
    ...(header ? [] : ["no line of names"]),
    ...(encoding === "utf-8" ? [] : [encoding]),
  ].join(", ");
}
