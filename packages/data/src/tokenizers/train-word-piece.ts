import { countWords } from "./count-words.ts";
import { tokenizerOf } from "./json-tokenizer.ts";
import { learnMerges } from "./merges.ts";
import { type Tokenizer, tokenizerJson } from "./tokenizer.ts";
import { checkTexts, checkTraining, type TrainingOptions } from "./training-options.ts";

/** How a WordPiece tokenizer is trained. */
export interface WordPieceOptions extends TrainingOptions {
  /** Whether case and accents are left out; true unless said. */
  readonly lowercase?: boolean;
}

/** BERT's special tokens: padding, unknown, the begin and end of texts, and masked. */
const bertTokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];
const INSIDE = "##";

/**
 * Trains a WordPiece tokenizer as BERT has: words are cut at spaces and punctuation, a piece inside of a word begins
 * with `##`, and a text gets `[CLS]` and `[SEP]` around it. Pieces are learned by merging the most frequent pair,
 * as Hugging Face's trainer does, because the original one was never published.
 *
 * @throws DataError when the texts are empty, or the size does not hold the special tokens and all characters.
 */
export function trainWordPiece(texts: Iterable<string>, options: WordPieceOptions): Tokenizer {
  const own = (options.special ?? []).filter((token) => !bertTokens.includes(token));
  const given = { ...options, special: [...bertTokens, ...own] };
  checkTraining("trainWordPiece", given, 1);
  const lowercase = options.lowercase ?? true;
  const split = {
    normalizer: {
      type: "BertNormalizer",
      clean_text: true,
      handle_chinese_chars: true,
      strip_accents: null,
      lowercase,
    },
    pre_tokenizer: { type: "BertPreTokenizer" },
  };
  const counts = countWords(texts, split);
  counts.delete("");
  checkTexts("trainWordPiece", counts);
  const pieces = [...counts.keys()].map((word) =>
    Array.from(word, (character, i) => (i === 0 ? character : INSIDE + character)),
  );
  const alphabet = [...new Set(pieces.flat())].sort();
  const { size, special, minimum } = checkTraining("trainWordPiece", given, alphabet.length);
  const tokens = [...special, ...alphabet];
  const idOf = new Map(tokens.map((token, id) => [token, id]));
  const symbols = pieces.map((word) => Int32Array.from(word, (piece) => idOf.get(piece) as number));
  const join = (left: string, right: string): string => left + right.slice(INSIDE.length);
  learnMerges({ symbols, counts: [...counts.values()] }, tokens, { size, minimum, join });
  return tokenizerOf(tokenizerJson({ ...split, ...bertParts(tokens) }, special));
}

function bertParts(tokens: readonly string[]) {
  const model = {
    type: "WordPiece",
    unk_token: "[UNK]",
    continuing_subword_prefix: INSIDE,
    max_input_chars_per_word: 100,
    vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
  };
  const special = (id: string) => ({ SpecialToken: { id, type_id: 0 } });
  const text = (id: string, type_id: number) => ({ Sequence: { id, type_id } });
  const end = { SpecialToken: { id: "[SEP]", type_id: 1 } };
  const frame = (id: string) => ({ id, ids: [tokens.indexOf(id)], tokens: [id] });
  return {
    model,
    decoder: { type: "WordPiece", prefix: INSIDE, cleanup: true },
    post_processor: {
      type: "TemplateProcessing",
      single: [special("[CLS]"), text("A", 0), special("[SEP]")],
      pair: [special("[CLS]"), text("A", 0), special("[SEP]"), text("B", 1), end],
      special_tokens: { "[CLS]": frame("[CLS]"), "[SEP]": frame("[SEP]") },
    },
  };
}
