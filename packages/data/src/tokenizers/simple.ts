import { DataError } from "../errors.ts";
import { byteCharacters, byteLevel } from "./byte-level.ts";
import { type Tokenizer, type TokenizerJson, tokenizerJson } from "./tokenizer.ts";

/** A tokenizer of bytes: the ids of a text are its bytes in UTF-8. Any text comes back exactly. */
export function byteTokenizer(): Tokenizer {
  const encoder = new TextEncoder();
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  return {
    size: 256,
    encode: (text) => Int32Array.from(encoder.encode(text)),
    decode: (ids) => decoder.decode(Uint8Array.from(ids)),
    idOf: (token) => {
      const id = byteCharacters.indexOf(token);
      return id < 0 ? undefined : id;
    },
    tokenOf: (id) => byteCharacters[id],
    toJson: () => {
      const parts = { ...byteLevel, use_regex: false };
      const model = bareModel(byteCharacters, null);
      return tokenizerJson({ model, pre_tokenizer: parts, decoder: parts });
    },
  };
}

/** The token that stands for a character that was not there when the tokenizer was made. */
const UNKNOWN = "[UNK]";

/**
 * A tokenizer of the characters (code points) of texts, in order of their code, after a token for unknown ones.
 *
 * @throws DataError when the texts are all empty.
 */
export function characterTokenizer(texts: Iterable<string>): Tokenizer {
  const seen = new Set<string>();
  for (const text of texts) for (const character of text) seen.add(character);
  if (seen.size === 0) {
    throw new DataError("characterTokenizer: the texts are empty: give it at least one character.");
  }
  const tokens = [UNKNOWN, ...[...seen].sort((a, b) => codeOf(a) - codeOf(b))];
  const ids = new Map(tokens.map((token, id) => [token, id]));
  return {
    size: tokens.length,
    encode: (text) => Int32Array.from([...text], (character) => ids.get(character) ?? 0),
    decode: (given, { special = false } = {}) =>
      Array.from(given, (id) => (id === 0 && !special ? "" : (tokens[id] ?? ""))).join(""),
    idOf: (token) => ids.get(token),
    tokenOf: (id) => tokens[id],
    toJson: (): TokenizerJson =>
      tokenizerJson({ model: bareModel(tokens, UNKNOWN), decoder: { type: "Fuse" } }, [UNKNOWN]),
  };
}

function codeOf(character: string): number {
  return character.codePointAt(0) ?? 0;
}

/** A model that cuts a text into its characters. */
function bareModel(tokens: readonly string[], unknown: string | null) {
  const vocab = Object.fromEntries(tokens.map((token, id) => [token, id]));
  return { type: "BPE", unk_token: unknown, vocab, merges: [] };
}
