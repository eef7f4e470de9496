import { DataError } from "../errors.ts";

/** Bytes as text in pieces, so that a large file is never one string. */
export interface TextPieces {
  /** What the bytes are written in. */
  readonly encoding: string;
  /** The text from its start, a piece of about `bytes` at a time, line ends as `\n`. */
  pieces(bytes: number): IterableIterator<string>;
}

/**
 * Reads bytes as text: UTF-8 or UTF-16 by their byte-order mark, which is left out, else `encoding`, UTF-8 unless
 * said.
 *
 * @param name what errors call the file.
 * @throws DataError when the encoding is unknown, or, while pieces are read, the bytes are not written in it.
 */
export function decodeText(bytes: Uint8Array, name: string, encoding = "utf-8"): TextPieces {
  const marked = byteOrderMark(bytes) ?? encoding;
  checkEncoding(marked);
  return {
    encoding: marked,
    pieces: (length) => decodePieces(bytes, name, marked, length),
  };
}

/** The whole of `decodeText` as one string. */
export function decodeWhole(bytes: Uint8Array, name: string, encoding?: string): string {
  return [...decodeText(bytes, name, encoding).pieces(1 << 24)].join("");
}

function byteOrderMark(bytes: Uint8Array): string | undefined {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return "utf-8";
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return "utf-16le";
  return bytes[0] === 0xfe && bytes[1] === 0xff ? "utf-16be" : undefined;
}

function checkEncoding(encoding: string): void {
  try {
    new TextDecoder(encoding);
  } catch (cause) {
    throw new DataError(
      `the encoding "${encoding}" is unknown: use utf-8, utf-16le, windows-1252 or another name of the ` +
        "Encoding standard.",
      { cause },
    );
  }
}

function* decodePieces(
  bytes: Uint8Array,
  name: string,
  encoding: string,
  length: number,
): Generator<string, undefined> {
  const decoder = new TextDecoder(encoding);
  // A carriage return at a piece's end waits for the next one, which may begin with its line feed.
  let held = "";
  for (let start = 0; start < bytes.length; start += length) {
    const last = start + length >= bytes.length;
    const part = bytes.subarray(start, start + length);
    const text = held + decoder.decode(part, { stream: !last });
    if (encoding === "utf-8" && text.includes("\uFFFD")) {
      checkUtf8(bytes, Math.max(0, start - 4), Math.min(bytes.length, start + length), name);
    }
    held = !last && text.endsWith("\r") ? "\r" : "";
    yield lineFeeds(held === "" ? text : text.slice(0, -1));
  }
}

function lineFeeds(text: string): string {
  return text.includes("\r") ? text.replace(/\r\n?/g, "\n") : text;
}

function checkUtf8(bytes: Uint8Array, start: number, end: number, name: string): void {
  let from = start;
  while (from > 0 && isInside(bytes[from])) from--;
  let to = end;
  while (to < bytes.length && isInside(bytes[to])) to++;
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(from, to));
  } catch (cause) {
    const text = new TextDecoder().decode(bytes.subarray(0, to));
    const line = text.slice(0, text.indexOf("\uFFFD")).split(/\r\n?|\n/).length;
    throw new DataError(
      `${name}, line ${line}: the text is not UTF-8: save the file as UTF-8, or name its encoding, such as ` +
        '"windows-1252".',
      { cause },
    );
  }
}

function isInside(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}
