import Papa from "papaparse";
import { DataError } from "../errors.ts";
import type { TextPieces } from "./decode-text.ts";

/** A line of a table of text: its fields, and the line on which it begins, from 1. */
export interface Row {
  readonly fields: readonly string[];
  readonly line: number;
}

interface ParsedPart {
  readonly data: readonly (readonly string[])[];
  readonly errors: readonly { readonly code: string; readonly row?: number }[];
  readonly meta: { readonly cursor: number };
}

/** The part of the parser that its types leave out: it can stop before a last row that may go on. */
type PartParser = new (
  config: object,
) => {
  parse(text: string, base: number, leaveLast: boolean): ParsedPart;
};

// Short parts keep what the parser makes short-lived: at 4 MB a part it is four times slower.
const PART_BYTES = 1 << 15;

/** Cuts text into rows, part by part, and knows afterwards on which line a row began. */
export class RowReader {
  readonly #text: TextPieces;
  readonly #name: string;
  readonly #delimiter: string;
  /** Rows after which lines and rows drift further apart, with the drift from there on. */
  readonly #drifts: { readonly row: number; readonly drift: number }[] = [];
  #rows = 0;
  #line = 1;

  constructor(text: TextPieces, name: string, delimiter: string) {
    this.#text = text;
    this.#name = name;
    this.#delimiter = delimiter;
  }

  /**
   * All rows in order; lines that are blank are left out.
   *
   * @throws DataError naming the line where a quote is not closed.
   */
  *parts(bytes = PART_BYTES): Generator<Row[], undefined> {
    const Parser = (Papa as unknown as { Parser: PartParser }).Parser;
    const parser = new Parser({ delimiter: this.#delimiter, newline: "\n", fastMode: false });
    let kept = "";
    let wanted = 0;
    for (const piece of this.#text.pieces(bytes)) {
      kept += piece;
      // A field that spans many parts would otherwise be parsed again with each of them.
      if (kept.length < wanted) continue;
      const part = parser.parse(kept, 0, true);
      const spans = kept.includes('"');
      kept = kept.slice(part.meta.cursor);
      wanted = part.data.length === 0 ? 2 * kept.length : 0;
      yield this.#rowsOf(part, spans);
    }
    if (kept !== "") yield this.#rowsOf(parser.parse(kept, 0, false), true);
  }

  /** The line on which a row began, both counted: rows from 0 and lines from 1. */
  lineOf(row: number): number {
    let low = 0;
    let high = this.#drifts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#drifts[middle]?.row ?? 0) <= row) low = middle + 1;
      else high = middle;
    }
    return row + 1 + (this.#drifts[low - 1]?.drift ?? 0);
  }

  /** `spans` says whether a field may hold line ends: only one in quotes can. */
  #rowsOf({ data, errors }: ParsedPart, spans: boolean): Row[] {
    const rows: Row[] = [];
    const [wrong] = errors;
    data.forEach((fields, i) => {
      const line = this.#line;
      if (wrong && (wrong.row ?? 0) === i) throw unclosed(this.#name, line, wrong.code);
      this.#line += spans ? 1 + lineEnds(fields) : 1;
      if (fields.length === 1 && fields[0]?.trim() === "") {
        this.#drift(this.#rows);
        return;
      }
      this.#rows++;
      rows.push({ fields, line });
      if (this.#line !== line + 1) this.#drift(this.#rows);
    });
    return rows;
  }

  #drift(row: number): void {
    this.#drifts.push({ row, drift: this.#line - 1 - row });
  }
}

function unclosed(name: string, line: number, code: string): DataError {
  const what =
    code === "MissingQuotes"
      ? "a quote is opened but never closed"
      : "text follows a quote that is closed";
  return new DataError(
    `${name}, line ${line}: ${what}: close it, and double each quote that stands inside a quoted field.`,
  );
}

function lineEnds(fields: readonly string[]): number {
  let count = 0;
  for (const field of fields) {
    for (let at = field.indexOf("\n"); at >= 0; at = field.indexOf("\n", at + 1)) count++;
  }
  return count;
}
