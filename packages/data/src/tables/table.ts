import { DataError } from "../errors.ts";
import { suggestion } from "../nearest.ts";
import {
  type CategoryColumn,
  type Column,
  type ColumnKind,
  isMissing,
  isNumeric,
  type NumericColumn,
  selectRows,
  textAt,
} from "./column.ts";

/** What a table is made of. */
export interface TableContent {
  /** What errors call the table: its file's name. */
  readonly name: string;
  /** The format as a person reads it, with what was found out about it. */
  readonly format: string;
  readonly columns: readonly Column[];
  readonly rows: number;
  /** Where a row stands in its file, such as `line 5`. */
  readonly place: (row: number) => string;
}

/** A table in memory: named columns, each of one kind, with missing values. */
export class Table implements TableContent {
  readonly name: string;
  readonly format: string;
  readonly columns: readonly Column[];
  readonly rows: number;
  readonly place: (row: number) => string;
  readonly #byName: ReadonlyMap<string, Column>;

  constructor({ name, format, columns, rows, place }: TableContent) {
    this.name = name;
    this.format = format;
    this.columns = columns;
    this.rows = rows;
    this.place = place;
    this.#byName = new Map(columns.map((column) => [column.name, column]));
  }

  /** How many rows there are. */
  get size(): number {
    return this.rows;
  }

  /** Whether there is a column of that name. */
  has(name: string): boolean {
    return this.#byName.has(name);
  }

  /**
   * The column of that name.
   *
   * @throws DataError when there is none.
   */
  column(name: string): Column {
    const column = this.#byName.get(name);
    if (column) return column;
    const names = this.columns.map((each) => each.name);
    throw new DataError(`${this.name} has no column "${name}"; ${suggestion(name, names)}`);
  }

  /**
   * The numbers of a column, `[rows]`, NaN where one is missing: of a number, integer or boolean column.
   *
   * @throws DataError when there is no such column or it is of another kind.
   */
  numbers(name: string): Float64Array {
    return this.#numeric(name, ["number", "integer", "boolean"]).values;
  }

  /**
   * The numbers of a column, all there and finite, as a target must be.
   *
   * @throws DataError naming the first value that is missing or infinite.
   */
  completeNumbers(name: string): Float64Array {
    const values = this.numbers(name);
    const wrong = values.findIndex((value) => !Number.isFinite(value));
    if (wrong < 0) return values;
    const what = Number.isNaN(values[wrong]) ? "is missing" : "is infinite";
    throw this.wrongValue(wrong, name, `the number ${what}: fill it in or leave the row out.`);
  }

  /**
   * The dates of a column as milliseconds since 1970 in UTC, NaN where one is missing.
   *
   * @throws DataError when there is no such column or it is of another kind.
   */
  dates(name: string): Float64Array {
    return this.#numeric(name, ["date"]).values;
  }

  /**
   * The texts of a column of any kind, `[rows]`, undefined where one is missing.
   *
   * @throws DataError when there is no such column.
   */
  texts(name: string): (string | undefined)[] {
    const column = this.column(name);
    return Array.from({ length: this.rows }, (_, row) => textAt(column, row));
  }

  /**
   * The texts of a column of any kind, all there.
   *
   * @throws DataError naming the first row where it is missing.
   */
  completeTexts(name: string): string[] {
    return this.texts(name).map((text, row) => {
      if (text !== undefined) return text;
      throw this.wrongValue(row, name, "the value is missing: fill it in, or leave the row out.");
    });
  }

  /**
   * The column of that name as classes, whatever its kind; numbers are classes by their text.
   *
   * @throws DataError when there is no such column.
   */
  categories(name: string): CategoryColumn {
    const column = this.column(name);
    return column.kind === "category" ? column : categoriesOf(column, this.rows);
  }

  /** The table of the given rows, in that order. */
  select(rows: ArrayLike<number>): Table {
    const kept = Int32Array.from(rows);
    return new Table({
      name: this.name,
      format: this.format,
      columns: this.columns.map((column) => selectRows(column, kept)),
      rows: kept.length,
      place: (row) => this.place(kept[row] as number),
    });
  }

  /** An error about one value: its file, where it stands, its column, and what is wrong. */
  wrongValue(row: number, name: string, what: string): DataError {
    return new DataError(`${this.name}, ${this.place(row)}, column "${name}": ${what}`);
  }

  #numeric(name: string, kinds: readonly ColumnKind[]): NumericColumn {
    const column = this.column(name);
    if (kinds.includes(column.kind) && isNumeric(column)) return column;
    const [kind] = kinds;
    const row = Array.from({ length: this.rows }, (_, each) => each).find(
      (each) => !isMissing(column, each),
    );
    const seen =
      row === undefined ? "" : `, such as "${textAt(column, row)}" in ${this.place(row)}`;
    throw new DataError(
      `${this.name}, column "${name}": it holds ${plural(column.kind)}${seen}, where ${plural(kind)} are ` +
        "needed: name another column, or correct the values.",
    );
  }
}

const plurals: Readonly<Record<ColumnKind, string>> = {
  number: "numbers",
  integer: "whole numbers",
  boolean: "true and false",
  category: "categories",
  text: "texts",
  date: "dates",
};

function plural(kind: ColumnKind | undefined): string {
  return kind === undefined ? "values" : plurals[kind];
}

function categoriesOf(column: Column, rows: number): CategoryColumn {
  const places = new Map<string, number>();
  const codes = new Int32Array(rows);
  for (let row = 0; row < rows; row++) {
    const text = textAt(column, row);
    if (text === undefined) {
      codes[row] = -1;
      continue;
    }
    const code = places.get(text) ?? places.size;
    places.set(text, code);
    codes[row] = code;
  }
  return { name: column.name, kind: "category", codes, categories: [...places.keys()] };
}
