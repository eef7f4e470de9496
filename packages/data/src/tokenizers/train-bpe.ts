import { byteCharacters, byteLevel } from "./byte-level.ts";
import { countWords } from "./count-words.ts";
import { tokenizerOf } from "./json-tokenizer.ts";
import { learnMerges } from "./merges.ts";
import { type Tokenizer, tokenizerJson } from "./tokenizer.ts";
import { checkTexts, checkTraining, type TrainingOptions } from "./training-options.ts";

/**
 * Trains a byte-level BPE tokenizer as GPT-2 has: any text comes back exactly. Special tokens come first, then the
 * 256 bytes, then what was merged; there are fewer than `size` where the texts give no more pairs.
 *
 * @throws DataError when the texts are empty, or the size does not hold the special tokens and the bytes.
 */
export function trainBpe(texts: Iterable<string>, options: TrainingOptions): Tokenizer {
  const { size, special, minimum } = checkTraining("trainBpe", options, 256);
  const counts = countWords(texts, { pre_tokenizer: byteLevel });
  checkTexts("trainBpe", counts);
  const first = special.length;
  const idOf = new Map(byteCharacters.map((character, byte) => [character, first + byte]));
  const words = {
    symbols: Array.from(counts.keys(), (word) =>
      Int32Array.from(word, (character) => idOf.get(character) as number),
    ),
    counts: [...counts.values()],
  };
  const tokens = [...special, ...byteCharacters];
  const join = (left: string, right: string): string => left + right;
  const merges = learnMerges(words, tokens, { size, minimum, join });
  const model = {
    type: "BPE",
    dropout: null,
    unk_token: null,
    continuing_subword_prefix: null,
    end_of_word_suffix: null,
    fuse_unk: false,
    byte_fallback: false,
    vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
    merges: merges.map((pair) => pair.map((symbol) => tokens[symbol])),
  };
  const parts = { pre_tokenizer: byteLevel, post_processor: byteLevel, decoder: byteLevel };
  return tokenizerOf(tokenizerJson({ model, ...parts }, special));
}
