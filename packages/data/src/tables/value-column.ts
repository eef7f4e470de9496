import { type Column, type ColumnKind, dateText } from "./column.ts";
import { type DateOrder, parseDate } from "./date-text.ts";
import { misfit } from "./header.ts";
import { missingTexts, numberKind, type TextRules, textReader } from "./text-reader.ts";

/** How a column of values that have types of their own is made. */
export interface ValueColumnOptions {
  /** What the column is to be; found out unless set. */
  readonly kind?: ColumnKind | undefined;
  /** Which of `03/04/2024` comes first, where texts are to be dates. */
  readonly dateOrder?: DateOrder | undefined;
  /** What errors call a row, such as `data.jsonl, line 3`. */
  readonly place: (row: number) => string;
}

/**
 * A column of the values that a format with types holds: numbers, whether they fit a double or not, booleans, dates,
 * texts; null and undefined are missing, and what has parts of its own becomes JSON text. Texts stay texts, except
 * ISO dates: a format that has numbers means a text when it writes one.
 *
 * @throws DataError when a value is not of the kind that was set.
 */
export function valueColumn(
  name: string,
  values: ArrayLike<unknown>,
  options: ValueColumnOptions,
): Column {
  const found = options.kind === undefined ? commonType(values) : "mixed";
  switch (found) {
    case "number": {
      const numbers = Float64Array.from(values, (value) => Number(value ?? Number.NaN));
      return { name, kind: numberKind(numbers), values: numbers };
    }
    case "boolean":
    case "date":
      return { name, kind: found, values: Float64Array.from(values, flagOrTime) };
    default:
      return readTexts(name, values, found, options);
  }
}

function flagOrTime(value: unknown): number {
  return isMissingValue(value) ? Number.NaN : Number(value);
}

type Type = "number" | "boolean" | "date" | "text" | "mixed";

function commonType(values: ArrayLike<unknown>): Type {
  let common: Type | undefined;
  for (let row = 0; row < values.length; row++) {
    const value = values[row];
    if (isMissingValue(value)) continue;
    const type = typeOf(value);
    if (common !== undefined && type !== common) return "mixed";
    common = type;
  }
  return common ?? "number";
}

function typeOf(value: unknown): Type {
  switch (typeof value) {
    case "number":
      return "number";
    case "bigint":
      return Number.isSafeInteger(Number(value)) ? "number" : "text";
    case "boolean":
      return "boolean";
    default:
      return value instanceof Date ? "date" : "text";
  }
}

function isMissingValue(value: unknown): boolean {
  return (
    value === null || value === undefined || (typeof value === "number" && Number.isNaN(value))
  );
}

function readTexts(
  name: string,
  values: ArrayLike<unknown>,
  type: "text" | "mixed",
  { kind, dateOrder, place }: ValueColumnOptions,
): Column {
  const rules: TextRules = { decimal: ".", dateOrder, missing: kind ? missingTexts : new Set() };
  const texts = Array.from(values, valueText);
  const chosen = kind ?? (type === "text" && areDates(texts) ? "date" : "category");
  const reader = textReader(name, chosen, rules, kind === undefined);
  texts.forEach((text, row) => {
    if (!reader.add(text)) throw misfit(place(row), name, text, chosen);
  });
  return reader.finish();
}

function areDates(texts: readonly string[]): boolean {
  return texts.every((text) => text === "" || parseDate(text, undefined) !== undefined);
}

function valueText(value: unknown): string {
  if (isMissingValue(value)) return "";
  if (typeof value === "string") return value;
  if (value instanceof Date) return dateText(value.getTime());
  if (typeof value === "object") {
    return JSON.stringify(value, (_, part: unknown) =>
      typeof part === "bigint" ? Number(part) : part,
    );
  }
  return String(value);
}
