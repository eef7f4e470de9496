import { DataError } from "../errors.ts";
import { decodeText, decodeWhole } from "./decode-text.ts";
import type { Table } from "./table.ts";
import { recordColumns, type TypedTableOptions, typedTable } from "./typed-table.ts";

type JsonRecord = Readonly<Record<string, unknown>>;

const PIECE_BYTES = 1 << 22;

/**
 * Reads JSON Lines: one object a line, whose names are the columns; a name that a line leaves out is missing.
 *
 * @param name what errors call the table.
 * @throws DataError naming the line that is no JSON object, or when there is none.
 */
export function parseJsonLines(
  bytes: Uint8Array,
  name: string,
  options: TypedTableOptions = {},
): Table {
  const records: JsonRecord[] = [];
  const lines: number[] = [];
  let line = 0;
  for (const text of linesOf(bytes, name)) {
    line++;
    if (text.trim() === "") continue;
    records.push(parseRecord(text, `${name}, line ${line}`));
    lines.push(line);
  }
  if (records.length === 0)
    throw new DataError(`${name} is empty: give it one JSON object a line.`);
  const content = { ...recordColumns(records), rows: records.length };
  const place = (row: number): string => `line ${lines[row]}`;
  return typedTable(name, { format: "JSON Lines", place, ...content }, options);
}

/**
 * Reads JSON: an array of objects, whose names are the columns.
 *
 * @param name what errors call the table.
 * @throws DataError when the text is no such array.
 */
export function parseJsonTable(
  bytes: Uint8Array,
  name: string,
  options: TypedTableOptions = {},
): Table {
  const text = decodeWhole(bytes, name);
  if (text.trim() === "")
    throw new DataError(`${name} is empty: give it an array of JSON objects.`);
  const parsed = parseJson(text, name);
  if (!Array.isArray(parsed) || !parsed.every(isRecord)) {
    throw new DataError(
      `${name} is not an array of objects: write the table as [{"name": value, ...}, ...], or as JSON Lines.`,
    );
  }
  const content = { ...recordColumns(parsed), rows: parsed.length };
  const place = (row: number): string => `record ${row + 1}`;
  return typedTable(name, { format: "JSON", place, ...content }, options);
}

/**
 * Parses JSON.
 *
 * @param where what errors call the text.
 * @throws DataError when it is no JSON.
 */
export function parseJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const { message } = cause as SyntaxError;
    throw new DataError(`${where}: the text is not JSON (${message}): correct it.`, { cause });
  }
}

/** Whether a value of JSON is an object with names. */
export function isRecord(value: unknown): value is JsonRecord {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function parseRecord(text: string, where: string): JsonRecord {
  const parsed = parseJson(text, where);
  if (isRecord(parsed)) return parsed;
  throw new DataError(
    `${where}: the line holds no object: write {"name": value, ...} on every line.`,
  );
}

function* linesOf(bytes: Uint8Array, name: string): Generator<string, undefined> {
  let kept = "";
  for (const piece of decodeText(bytes, name).pieces(PIECE_BYTES)) {
    const lines = (kept + piece).split("\n");
    kept = lines.pop() ?? "";
    yield* lines;
  }
  yield kept;
}
