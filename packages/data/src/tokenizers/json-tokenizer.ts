import { Tokenizer as Library } from "@huggingface/tokenizers";
import { DataError } from "../errors.ts";
import { isRecord, parseJson } from "../tables/json-lines.ts";
import {
  type EncodeOptions,
  type Tokenizer,
  type TokenizerJson,
  tokenizerJson,
} from "./tokenizer.ts";

/** A tokenizer that `tokenizer.json` describes, run by Hugging Face's own implementation. */
class JsonTokenizer implements Tokenizer {
  readonly size: number;
  readonly #json: TokenizerJson;
  readonly #library: Library;

  constructor(json: TokenizerJson, name: string) {
    this.#json = json;
    this.#library = open(json, name);
    let largest = -1;
    for (const id of this.#library.get_vocab(true).values()) largest = Math.max(largest, id);
    this.size = largest + 1;
  }

  encode(text: string, { pair, special = true }: EncodeOptions = {}): Int32Array {
    const options = { text_pair: pair ?? null, add_special_tokens: special };
    try {
      return Int32Array.from(this.#library.encode(text, options).ids);
    } catch (cause) {
      if (!(cause instanceof RangeError)) throw cause;
      throw new DataError(
        `a text of ${text.length} characters is too long for this tokenizer: encode it line by line.`,
        { cause },
      );
    }
  }

  decode(ids: ArrayLike<number>, { special = false } = {}): string {
    if (ids.length === 0) return "";
    return this.#library.decode(Array.from(ids), { skip_special_tokens: !special });
  }

  idOf(token: string): number | undefined {
    return this.#library.token_to_id(token);
  }

  tokenOf(id: number): string | undefined {
    return this.#library.id_to_token(id);
  }

  toJson(): TokenizerJson {
    return this.#json;
  }
}

/**
 * A tokenizer of the content of a `tokenizer.json`.
 *
 * @param name what errors call the file.
 * @throws DataError when it is no such content, or names a part that is not known.
 */
export function tokenizerOf(json: TokenizerJson, name = "tokenizer.json"): Tokenizer {
  return new JsonTokenizer(json, name);
}

/**
 * Reads the text of a `tokenizer.json`.
 *
 * @param name what errors call the file.
 * @throws DataError when the text is no JSON, no tokenizer, or names a part that is not known.
 */
export function parseTokenizer(text: string, name = "tokenizer.json"): Tokenizer {
  if (text.trim() === "") throw new DataError(`${name} is empty: get the tokenizer again.`);
  const json = parseJson(text.replace(/^\uFEFF/, ""), name);
  if (!isRecord(json) || !isRecord(json["model"])) {
    throw new DataError(
      `${name} describes no tokenizer: it has no "model"; use the tokenizer.json of a Hugging Face model.`,
    );
  }
  return tokenizerOf(json as unknown as TokenizerJson, name);
}

/** The text of a tokenizer's `tokenizer.json`. */
export function tokenizerText(tokenizer: Tokenizer): string {
  return `${JSON.stringify(tokenizer.toJson(), null, 2)}\n`;
}

function open(json: TokenizerJson, name: string): Library {
  const { model } = json;
  const kinds = ["BPE", "WordPiece", "Unigram"];
  // Old files name no type; the model then shows by what it holds.
  if (model.type !== undefined && !kinds.includes(model.type)) {
    throw new DataError(
      `${name}: the model "${model.type}" is not known: use a tokenizer of BPE, WordPiece or Unigram.`,
    );
  }
  const vocabulary = model["vocab"];
  if (typeof vocabulary !== "object" || vocabulary === null) {
    throw new DataError(`${name}: the model has no "vocab": get the tokenizer again.`);
  }
  try {
    // Parts that a file leaves out are none.
    return new Library(tokenizerJson(json), { clean_up_tokenization_spaces: false });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new DataError(`${name} cannot be used (${why}): use another tokenizer.`, { cause });
  }
}
