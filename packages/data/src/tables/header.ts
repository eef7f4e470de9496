import { DataError } from "../errors.ts";
import { suggestion } from "../nearest.ts";
import { type ColumnKind, columnKinds } from "./column.ts";

/** Kinds that a caller sets for columns by their names, instead of those inferred. */
export type Kinds = Readonly<Record<string, ColumnKind>>;

/**
 * Column names, trimmed.
 *
 * @param where what errors call the line of names, such as `data.csv, line 1`.
 * @throws DataError when a name is empty or comes twice.
 */
export function checkNames(names: readonly string[], where: string): string[] {
  const trimmed = names.map((name) => name.trim());
  const seen = new Map<string, number>();
  trimmed.forEach((name, i) => {
    if (name === "") {
      throw new DataError(
        `${where}: column ${i + 1} of ${names.length} has no name: give every column a name.`,
      );
    }
    const before = seen.get(name);
    if (before !== undefined) {
      throw new DataError(
        `${where}: columns ${before + 1} and ${i + 1} are both called "${name}": rename one of them.`,
      );
    }
    seen.set(name, i);
  });
  return trimmed;
}

/**
 * Checks that kinds are set for columns that exist.
 *
 * @throws DataError naming the first column or kind that does not exist.
 */
export function checkKinds(kinds: Kinds, names: readonly string[], table: string): void {
  for (const [name, kind] of Object.entries(kinds)) {
    if (!names.includes(name)) {
      throw new DataError(`${table} has no column "${name}"; ${suggestion(name, names)}`);
    }
    if (!columnKinds.includes(kind)) {
      throw new DataError(
        `no kind of column is called "${kind}"; ${suggestion(kind, columnKinds)}`,
      );
    }
  }
}

const wanted: Readonly<Record<ColumnKind, string>> = {
  number: "a number",
  integer: "a whole number",
  boolean: "true or false",
  category: "a category",
  text: "a text",
  date: "a date",
};

/** An error about a value that is not of the kind that was set for its column. */
export function misfit(place: string, name: string, text: string, kind: ColumnKind): DataError {
  const order =
    kind === "date" && /^\d{1,2}[/-]\d{1,2}[/-]\d{4}/.test(text)
      ? 'its day and month can be read in two orders: set dateOrder to "day-first" or "month-first".'
      : "correct the value, or set another kind for the column.";
  const shown = text.length > 60 ? `${text.slice(0, 57)}...` : text;
  return new DataError(`${place}, column "${name}": "${shown}" is not ${wanted[kind]}: ${order}`);
}
