import { Tokenizer as Library } from "@huggingface/tokenizers";
import { type TokenizerParts, tokenizerJson } from "./tokenizer.ts";

/**
 * How often each word of texts comes, where words are what a tokenizer's normalizer and pre-tokenizer make of them:
 * a trainer sees exactly what the tokenizer will see.
 */
export function countWords(
  texts: Iterable<string>,
  parts: Pick<TokenizerParts, "normalizer" | "pre_tokenizer">,
): Map<string, number> {
  const model = { type: "BPE", vocab: {}, merges: [] };
  const { normalizer, pre_tokenizer } = new Library(tokenizerJson({ ...parts, model }), {});
  const counts = new Map<string, number>();
  for (const text of texts) {
    for (const piece of pieces(text)) {
      const normal = normalizer ? normalizer.normalize(piece) : piece;
      const words = pre_tokenizer
        ? pre_tokenizer.pre_tokenize([normal], { section_index: 0 })
        : [normal];
      for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
    }
  }
  return counts;
}

const PIECE = 1 << 20;

/** A long text in pieces that end where a line does, so that no list of words grows without bound. */
function* pieces(text: string): Generator<string, undefined> {
  let start = 0;
  while (text.length - start > PIECE) {
    const end = text.lastIndexOf("\n", start + PIECE) + 1;
    const cut = end > start ? end : start + PIECE;
    yield text.slice(start, cut);
    start = cut;
  }
  yield text.slice(start);
}
