/** How a text is encoded. */
export interface EncodeOptions {
  /** A second text, for models that read two. */
  readonly pair?: string;
  /** Whether the special tokens that belong around a text are added, such as BERT's; true unless said. */
  readonly special?: boolean;
}

/** Turns text into token ids and back. */
export interface Tokenizer {
  /** How many tokens there are, special ones included: ids are smaller. */
  readonly size: number;
  /** The ids of a text, `[T]`. */
  encode(text: string, options?: EncodeOptions): Int32Array;
  /** The text of ids, without special tokens unless `special` is true. */
  decode(ids: ArrayLike<number>, options?: { readonly special?: boolean }): string;
  /** The id of a token, undefined where there is no such token. */
  idOf(token: string): number | undefined;
  /** The token of an id, undefined where there is no such id. */
  tokenOf(id: number): string | undefined;
  /** The tokenizer as Hugging Face's `tokenizer.json` holds it. */
  toJson(): TokenizerJson;
}

/** A token that is kept whole wherever it stands in a text. */
export interface AddedToken {
  readonly id: number;
  readonly content: string;
  readonly special: boolean;
  readonly single_word: boolean;
  readonly lstrip: boolean;
  readonly rstrip: boolean;
  readonly normalized: boolean;
}

/** A part of a tokenizer: its type and what that type needs. */
export interface TokenizerPart {
  readonly type: string;
  readonly [option: string]: unknown;
}

/** The content of Hugging Face's `tokenizer.json`. */
export interface TokenizerJson {
  readonly version: string;
  readonly truncation: TokenizerPart | null;
  readonly padding: TokenizerPart | null;
  readonly added_tokens: readonly AddedToken[];
  readonly normalizer: TokenizerPart | null;
  readonly pre_tokenizer: TokenizerPart | null;
  readonly post_processor: TokenizerPart | null;
  readonly decoder: TokenizerPart | null;
  readonly model: TokenizerPart;
}

/** The parts of a tokenizer that its trainer decides. */
export type TokenizerParts = Pick<TokenizerJson, "model"> & Partial<TokenizerJson>;

/** A `tokenizer.json` whose parts are none unless given; special tokens take the ids from `firstId` on. */
export function tokenizerJson(
  parts: TokenizerParts,
  special: readonly string[] = [],
  firstId = 0,
): TokenizerJson {
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: special.map((content, i) => ({
      id: firstId + i,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: null,
    pre_tokenizer: null,
    post_processor: null,
    decoder: null,
    ...parts,
  };
}
