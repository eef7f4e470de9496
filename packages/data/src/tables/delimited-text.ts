import Papa from "papaparse";

/** A value of a written table; what is undefined or no number is left empty. */
export type WrittenValue = string | number | boolean | undefined;

/**
 * Writes rows as text with commas between fields, the names in the first line; texts that need it are quoted (RFC 4180).
 *
 * @example
 * delimitedText(["city", "people"], [["Oslo", 717_710]]); // "city,people\nOslo,717710\n"
 */
export function delimitedText(
  names: readonly string[],
  rows: readonly (readonly WrittenValue[])[],
): string {
  const written = rows.map((row) =>
    row.map((value) => (value === undefined || Number.isNaN(value) ? "" : value)),
  );
  return `${Papa.unparse({ fields: [...names], data: written }, { newline: "\n" })}\n`;
}
