import type { Column, ColumnKind } from "./column.ts";
import { type DateOrder, parseDate } from "./date-text.ts";
import { type DecimalMark, parseNumber } from "./number-text.ts";

/** How texts become values. */
export interface TextRules {
  readonly decimal: DecimalMark;
  readonly dateOrder: DateOrder | undefined;
  /** Texts that stand for a missing value, beside the empty one. */
  readonly missing: ReadonlySet<string>;
}

/** Texts that stand for a missing value unless a caller names others. */
export const missingTexts: ReadonlySet<string> = new Set([
  "NA",
  "N/A",
  "n/a",
  "#N/A",
  "NaN",
  "nan",
  "-nan",
  "null",
  "NULL",
  "<NA>",
]);

/** The most different texts that an inferred category may have. */
export const MOST_CATEGORIES = 1000;
const LONGEST_CATEGORY = 100;

/** Takes a column's texts one by one. */
export interface TextReader {
  /** Takes the text of the next row; false when it is no value of the reader's kind. */
  add(text: string): boolean;
  finish(): Column;
}

/** A reader of a column's texts; a kind that was only guessed may still become a near one. */
export function textReader(
  name: string,
  kind: ColumnKind,
  rules: TextRules,
  guessed: boolean,
): TextReader {
  if (kind === "category" || kind === "text") return stringReader(name, kind, rules, guessed);
  const parse = parserOf(kind, rules, guessed);
  const values = new GrowingNumbers();
  return {
    add: (text) => {
      const value = parse(text);
      if (value !== undefined) return values.push(value);
      return isMissingText(text.trim(), rules) ? values.push(Number.NaN) : false;
    },
    finish: () => {
      const numbers = values.finish();
      const isGuess = guessed && (kind === "number" || kind === "integer");
      return { name, kind: isGuess ? numberKind(numbers) : kind, values: numbers };
    },
  };
}

/** The narrowest kind of the numbers of a column. */
export function numberKind(values: Float64Array): "number" | "integer" {
  return values.every((value) => Number.isNaN(value) || Number.isInteger(value))
    ? "integer"
    : "number";
}

function parserOf(
  kind: ColumnKind,
  { decimal, dateOrder }: TextRules,
  guessed: boolean,
): (text: string) => number | undefined {
  if (kind === "date") return (text) => parseDate(text.trim(), dateOrder);
  if (kind === "boolean") return guessed ? parseBoolean : parseAnyBoolean;
  if (guessed) return (text) => parseNumber(text, decimal);
  return (text) => {
    // A caller who says that it is a number means 7 by 007.
    const value = parseNumber(text.trim().replace(/^([+-]?)0+(?=\d)/, "$1"), decimal);
    const fits = kind === "number" || Number.isInteger(value);
    return fits ? value : undefined;
  };
}

function parseBoolean(text: string): number | undefined {
  if (text === "true" || text === "True" || text === "TRUE") return 1;
  return text === "false" || text === "False" || text === "FALSE" ? 0 : undefined;
}

const truths = new Map(
  [..."true yes t y 1".split(" "), ..."false no f n 0".split(" ")].map((word, i) => [
    word,
    i < 5 ? 1 : 0,
  ]),
);

function parseAnyBoolean(text: string): number | undefined {
  return truths.get(text.trim().toLowerCase());
}

function isMissingText(text: string, { missing }: TextRules): boolean {
  return text === "" || missing.has(text);
}

/** Collects codes as long as the texts are few, and the texts themselves once they are many. */
function stringReader(
  name: string,
  kind: "category" | "text",
  rules: TextRules,
  guessed: boolean,
): TextReader {
  const places = new Map<string, number>();
  const codes = new GrowingNumbers();
  let texts: (string | undefined)[] | undefined = kind === "text" && !guessed ? [] : undefined;
  const add = (text: string): boolean => {
    const value = isMissingText(text, rules) ? undefined : text;
    if (texts) return texts.push(value) > 0;
    if (value === undefined) return codes.push(-1);
    const known = places.get(value);
    if (known !== undefined) return codes.push(known);
    if (guessed && (places.size === MOST_CATEGORIES || value.length > LONGEST_CATEGORY)) {
      texts = spelled(codes.finish(), [...places.keys()]);
      return texts.push(value) > 0;
    }
    codes.push(places.size);
    places.set(value, places.size);
    return true;
  };
  const finish = (): Column => {
    const numbers = codes.finish();
    if (texts) return { name, kind: "text", texts };
    const categories = [...places.keys()];
    if (guessed && 2 * categories.length > numbers.length) {
      return { name, kind: "text", texts: spelled(numbers, categories) };
    }
    return { name, kind: "category", codes: Int32Array.from(numbers), categories };
  };
  return { add, finish };
}

function spelled(codes: Float64Array, categories: readonly string[]): (string | undefined)[] {
  return Array.from(codes, (code) => (code < 0 ? undefined : categories[code]));
}

/** Numbers of a length that is known only at the end. */
class GrowingNumbers {
  #values = new Float64Array(1024);
  #length = 0;

  push(value: number): true {
    if (this.#length === this.#values.length) {
      const grown = new Float64Array(2 * this.#length);
      grown.set(this.#values);
      this.#values = grown;
    }
    this.#values[this.#length++] = value;
    return true;
  }

  finish(): Float64Array {
    return this.#values.slice(0, this.#length);
  }
}

/** The kind that a sample of a column's texts shows. */
export function guessKind(cells: readonly string[], rules: TextRules): ColumnKind {
  const present = cells.map((cell) => cell.trim()).filter((cell) => !isMissingText(cell, rules));
  const all = (parse: (text: string) => number | undefined): boolean =>
    present.every((cell) => parse(cell) !== undefined);
  if (all((text) => parseNumber(text, rules.decimal))) return "number";
  if (all(parseBoolean)) return "boolean";
  return all((text) => parseDate(text, rules.dateOrder)) ? "date" : "category";
}
