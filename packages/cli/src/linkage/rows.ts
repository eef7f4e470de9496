import { delimitedText, type Table } from "@quire/data";
import type { Console } from "../console.ts";
import { writeWhole } from "../files.ts";
import { count } from "../numbers.ts";
import { table } from "../table.ts";

/** A table that a command makes. */
export interface MadeRows {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Rows that are shown where they are not written. */
const SHOWN = 20;
const LONGEST = 32;

/** Rows of two tables side by side; names that both have are told apart. */
export function joinedRows(
  left: Table,
  right: Table,
  links: readonly { readonly left: number; readonly right: number; readonly score: number }[],
): MadeRows {
  const names = [left, right].map((of) => of.columns.map(({ name }) => name));
  const shared = new Set(names[0]?.filter((name) => names[1]?.includes(name)));
  const named = (side: number, end: string): string[] =>
    (names[side] ?? []).map((name) => (shared.has(name) ? `${name}_${end}` : name));
  const texts = [left, right].map((of) => of.columns.map(({ name }) => of.texts(name)));
  const cells = (side: number, row: number): string[] =>
    (texts[side] ?? []).map((column) => column[row] ?? "");
  return {
    columns: [...named(0, "left"), ...named(1, "right"), "score"],
    rows: links.map((link) => [
      ...cells(0, link.left),
      ...cells(1, link.right),
      link.score.toFixed(4),
    ]),
  };
}

/** A table's rows with more columns after its own. */
export function extendedRows(
  of: Table,
  places: readonly number[],
  added: Readonly<Record<string, (row: number) => string>>,
): MadeRows {
  const texts = of.columns.map(({ name }) => of.texts(name));
  return {
    columns: [...of.columns.map(({ name }) => name), ...Object.keys(added)],
    rows: places.map((row) => [
      ...texts.map((column) => column[row] ?? ""),
      ...Object.values(added).map((value) => value(row)),
    ]),
  };
}

/** Writes rows as csv where a path is given, else shows the first of them. */
export async function give(
  made: MadeRows,
  out: string | undefined,
  console: Console,
): Promise<void> {
  const { columns, rows } = made;
  if (out !== undefined) {
    await writeWhole(out, delimitedText(columns, rows));
    console.note(`Wrote ${count(rows.length)} rows to ${out}.`);
    return;
  }
  const shown = rows.slice(0, SHOWN).map((row) => row.map(cut));
  console.print(
    table(
      columns.map((title) => ({ title })),
      shown,
    ),
  );
  if (rows.length > SHOWN) {
    console.note(`${count(rows.length - SHOWN)} more rows: write them all with --out FILE.`);
  }
}

function cut(value: string): string {
  const line = value.replace(/\s+/g, " ");
  return line.length > LONGEST ? `${line.slice(0, LONGEST - 3)}...` : line;
}
