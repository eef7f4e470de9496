import {
  type LinkageRecord,
  type Tokenizer,
  tokenizerOf,
  tokenizerText,
  trainBpe,
} from "@quire/data";
import { QuireError } from "@quire/tensor";

/** What tokenizers call the token that fills up, and the one that parts. */
const paddings = ["[PAD]", "<pad>"];
const separators = ["[SEP]", "</s>", "<sep>"];

/** Turns records into tokens: their columns, joined by the separator that the encoder knows (section 3.1). */
export class RecordTokenizer {
  readonly tokenizer: Tokenizer;
  /** The token that fills up a batch. */
  readonly padding: number;
  /** The text of the token between two columns. */
  readonly separator: string;
  readonly #end: number;

  /** @throws QuireError when the tokenizer has no token to fill up or to part with. */
  constructor(tokenizer: Tokenizer) {
    const known = (names: readonly string[], what: string): string => {
      const found = names.find((name) => tokenizer.idOf(name) !== undefined);
      if (found !== undefined) return found;
      throw new QuireError(
        `the tokenizer has no token ${what}: it needs one of ${names.join(", ")}; use another tokenizer.`,
      );
    };
    this.tokenizer = tokenizer;
    this.padding = tokenizer.idOf(known(paddings, "that fills up")) as number;
    this.separator = known(separators, "between columns");
    this.#end = tokenizer.idOf(this.separator) as number;
  }

  /** How many tokens there are. */
  get size(): number {
    return this.tokenizer.size;
  }

  /** The content of its `tokenizer.json`. */
  get text(): string {
    return tokenizerText(this.tokenizer);
  }

  /** The text that is encoded. */
  serialize(record: LinkageRecord): string {
    return record.map((value) => value.trim()).join(this.separator);
  }

  /** A text's tokens, at most `length` of them; a separator that stood at the end still does. */
  encode(text: string, length: number): Int32Array {
    const ids = this.tokenizer.encode(text);
    // An empty text must not be all padding, of which there is no mean.
    if (ids.length === 0) return Int32Array.of(this.#end);
    if (ids.length <= length) return ids;
    const cut = ids.slice(0, length);
    if (ids.at(-1) === this.#end) cut[length - 1] = this.#end;
    return cut;
  }
}

/**
 * Trains a tokenizer on records: bytes, and pairs of them that come often; letters in small case, and characters that
 * only look different in one form (NFKC).
 *
 * @throws DataError when the records are empty.
 */
export function trainRecordTokenizer(
  records: readonly LinkageRecord[],
  size: number,
): RecordTokenizer {
  const texts = records.flatMap((record) => record.map(plain));
  const { model, added_tokens, ...parts } = trainBpe(texts, {
    ...{ size, special: ["<pad>", "</s>"] },
  }).toJson();
  const normalizers = [{ type: "NFKC" }, { type: "Lowercase" }];
  const normalizer = { type: "Sequence", normalizers };
  return new RecordTokenizer(tokenizerOf({ ...parts, model, added_tokens, normalizer }));
}

/** A text as trained tokenizers and string distances see it. */
export function plain(text: string): string {
  return text.normalize("NFKC").toLowerCase();
}
