import {
  byteTokenizer,
  characterTokenizer,
  DataError,
  type TextCorpus,
  type Tokenizer,
  trainBpe,
  trainUnigram,
} from "@quire/data";
import { Random } from "@quire/tensor";

/** How texts are cut into tokens: by merges of bytes, by likely pieces, by bytes, or by characters. */
export type TokenizerKind = "bpe" | "unigram" | "byte" | "character";

/** Texts as tokens, one after the other. */
export interface TokenStream {
  readonly tokens: Int32Array;
  /** How many bytes the texts have in UTF-8. */
  readonly bytes: number;
}

/** Texts to learn from, and texts to measure on, of one tokenizer. */
export interface LanguageData {
  readonly tokenizer: Tokenizer;
  readonly train: TokenStream;
  readonly validation: TokenStream;
}

/** How a corpus is made into data. */
export interface LanguageDataOptions {
  /** The kind of a new one, or one that was trained before. */
  readonly tokenizer: TokenizerKind | Tokenizer;
  /** The most tokens of a tokenizer that is trained. */
  readonly vocabulary: number;
  /** Share of the texts that is kept apart, above 0 and below 1. */
  readonly validation: number;
  readonly seed: number;
}

/** The token that stands between texts, where the tokenizer has one. */
export const END_OF_TEXT = "<|endoftext|>";

/**
 * Keeps part of a corpus apart, trains a tokenizer on the rest, and encodes both. Whole texts are kept apart, drawn by
 * the seed; of a single one its end.
 *
 * @throws DataError when one of the parts is empty, or the vocabulary is too small.
 */
export function languageData(corpus: TextCorpus, options: LanguageDataOptions): LanguageData {
  const { train, validation } = apart(corpus, options);
  const tokenizer = tokenizerFor(train, options);
  return {
    tokenizer,
    train: encoded(tokenizer, train),
    validation: encoded(tokenizer, validation),
  };
}

function tokenizerFor(
  texts: readonly string[],
  { tokenizer, vocabulary }: LanguageDataOptions,
): Tokenizer {
  const special = { size: vocabulary, special: [END_OF_TEXT] };
  if (typeof tokenizer !== "string") return tokenizer;
  if (tokenizer === "bpe") return trainBpe(texts, special);
  if (tokenizer === "unigram") return trainUnigram(texts, special);
  return tokenizer === "byte" ? byteTokenizer() : characterTokenizer(texts);
}

/** Texts as one stream of tokens; each ends with the token for it, where there is one. */
export function encoded(tokenizer: Tokenizer, texts: readonly string[]): TokenStream {
  const end = tokenizer.idOf(END_OF_TEXT);
  const parts: Int32Array[] = [];
  let bytes = 0;
  const encoder = new TextEncoder();
  for (const text of texts) {
    bytes += encoder.encode(text).length;
    for (const piece of pieces(text)) parts.push(tokenizer.encode(piece, { special: false }));
    if (end !== undefined) parts.push(Int32Array.of(end));
  }
  const tokens = new Int32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    tokens.set(part, at);
    at += part.length;
  }
  return { tokens, bytes };
}

/** A text at its ends of lines, so that a tokenizer never sees megabytes at once. */
function pieces(text: string): readonly string[] {
  return text.match(/[^\n]*\n+|[^\n]+$/g) ?? [];
}

function apart(
  { documents }: TextCorpus,
  { validation: share, seed }: LanguageDataOptions,
): { readonly train: readonly string[]; readonly validation: readonly string[] } {
  const texts = documents.map(({ text }) => text);
  const [first = ""] = texts;
  if (texts.length === 1) {
    const cut = cutAt(first, 1 - share);
    return checked({ train: [first.slice(0, cut)], validation: [first.slice(cut)] });
  }
  const order = Array.from(new Random(seed).fork("validation").permutation(texts.length));
  const count = Math.min(texts.length - 1, Math.max(1, Math.round(share * texts.length)));
  const kept = new Set(order.slice(0, count));
  return checked({
    train: texts.filter((_, i) => !kept.has(i)),
    validation: texts.filter((_, i) => kept.has(i)),
  });
}

/** The place after the first white space from a share of a text on. */
function cutAt(text: string, share: number): number {
  const from = Math.floor(share * text.length);
  const space = text.slice(from).search(/\s/);
  return space < 0 ? from : from + space + 1;
}

function checked<
  P extends { readonly train: readonly string[]; readonly validation: readonly string[] },
>(parts: P): P {
  const isBlank = (texts: readonly string[]): boolean => texts.every((text) => text.trim() === "");
  if (!isBlank(parts.train) && !isBlank(parts.validation)) return parts;
  throw new DataError(
    "the text is too short to keep part of it apart: give more text, or another share for validation.",
  );
}
