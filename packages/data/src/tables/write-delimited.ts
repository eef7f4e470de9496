import Papa from "papaparse";

/** Rows as CSV with a line of names; fields are quoted where they must be. */
export function delimitedText(
  names: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): string {
  return `${Papa.unparse({ fields: [...names], data: rows.map((row) => [...row]) }, { newline: "\n" })}\n`;
}
