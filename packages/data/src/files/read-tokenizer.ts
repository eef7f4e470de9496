import { decodeWhole } from "../tables/decode-text.ts";
import { parseTokenizer, tokenizerText } from "../tokenizers/json-tokenizer.ts";
import type { Tokenizer } from "../tokenizers/tokenizer.ts";
import { readBytes } from "./read.ts";

/**
 * Reads Hugging Face's `tokenizer.json`.
 *
 * @throws DataError when the file cannot be read, or describes no tokenizer that is known.
 */
export async function readTokenizer(path: string): Promise<Tokenizer> {
  const bytes = await readBytes(path, "tokenizer");
  const { basename } = await import("node:path");
  const name = basename(path);
  return parseTokenizer(decodeWhole(bytes, name), name);
}

/** Writes a tokenizer as `tokenizer.json`, beside the path first, so that the file is there whole or not at all. */
export async function writeTokenizer(path: string, tokenizer: Tokenizer): Promise<void> {
  const { rename, writeFile } = await import("node:fs/promises");
  const beside = `${path}.${process.pid}.part`;
  await writeFile(beside, tokenizerText(tokenizer), { flush: true });
  await rename(beside, path);
}
