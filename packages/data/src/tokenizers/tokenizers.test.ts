import { expect, test } from "vitest";
import { DataError } from "../errors.ts";
import { parseTokenizer, tokenizerOf, tokenizerText } from "./json-tokenizer.ts";
import { byteTokenizer, characterTokenizer } from "./simple.ts";
import { tokenizerJson } from "./tokenizer.ts";
import { trainBpe } from "./train-bpe.ts";
import { trainUnigram } from "./train-unigram.ts";
import { trainWordPiece } from "./train-word-piece.ts";

/** Every kind of text that a byte-level tokenizer could lose something of. */
const hard = [
  "",
  " ",
  "\n\n  \t indented\r\n",
  "naïve café, 東京 — 🙂🏽‍🚀 \u0000\u0007 ﷺ",
  "e\u0301 \uFEFF nbsp\u00a0 soft\u00ad",
  "don't   stop '' \"\" don 't",
];

const sentences = [
  "the cat sat on the mat, and the cat ate the rat.",
  "a cat and a rat sat on a mat; the rat hated that!",
  "Cats sat. Rats ate. That mat is a hat.",
];

test("byte-level BPE gives any text back exactly, also after being saved and loaded", () => {
  const trained = trainBpe(sentences, { size: 300, special: ["<|end|>"] });
  const loaded = parseTokenizer(tokenizerText(trained));
  for (const text of [...hard, ...sentences]) {
    expect(trained.decode(trained.encode(text))).toBe(text);
    expect(loaded.encode(text)).toEqual(trained.encode(text));
  }
  expect(loaded.toJson()).toEqual(trained.toJson());
});

test("BPE merges the most frequent pair first", () => {
  const trained = trainBpe(["abab abab abab cd cd"], { size: 261 });
  const { merges } = trained.toJson().model as unknown as { merges: string[][] };
  expect(merges).toEqual([
    ["a", "b"],
    ["ab", "ab"],
    ["Ġ", "c"],
    ["Ġ", "abab"],
    ["Ġc", "d"],
  ]);
  expect(Array.from(trained.encode("abab cd"), (id) => trained.tokenOf(id))).toEqual([
    "abab",
    "Ġcd",
  ]);
  expect([trained.size, trained.idOf("Ġcd"), trained.idOf("nothing")]).toEqual([
    261,
    260,
    undefined,
  ]);
});

test("BPE stops where no pair comes often enough", () => {
  expect(trainBpe(["ab cd"], { size: 1000 }).size).toBe(256);
  expect(trainBpe(["ab cd"], { size: 1000, minimum: 1 }).size).toBe(259);
});

test("special tokens are one id wherever they stand, and left out of the text unless asked for", () => {
  const trained = trainBpe(sentences, { size: 300, special: ["<|end|>", "<|pad|>"] });
  const ids = trained.encode("cat<|end|>rat");
  expect(Array.from(ids).filter((id) => id < 2)).toEqual([0]);
  expect(trained.decode(ids)).toBe("catrat");
  expect(trained.decode(ids, { special: true })).toBe("cat<|end|>rat");
  expect(trained.tokenOf(1)).toBe("<|pad|>");
});

test("WordPiece cuts words into known pieces, and frames one text or two", () => {
  const trained = trainWordPiece(sentences, { size: 60 });
  const pieces = (text: string, pair?: string) =>
    Array.from(trained.encode(text, pair === undefined ? {} : { pair }), (id) =>
      trained.tokenOf(id),
    );
  expect(pieces("The CAT sat!")).toEqual(["[CLS]", "the", "cat", "sat", "!", "[SEP]"]);
  expect(pieces("cat", "rat")).toEqual(["[CLS]", "cat", "[SEP]", "rat", "[SEP]"]);
  expect(pieces("xyz")).toEqual(["[CLS]", "[UNK]", "[SEP]"]);
  expect(trained.decode(trained.encode("the rats sat."))).toBe("the rats sat.");
  expect(Array.from(trained.encode("cat", { special: false }))).toEqual([trained.idOf("cat")]);
  const cased = trainWordPiece(sentences, { size: 60, lowercase: false });
  expect(cased.decode(cased.encode("Cats sat"))).toBe("Cats sat");
});

test("unigram gives words back, one space between them", () => {
  const trained = trainUnigram(sentences, { size: 32, special: ["<pad>"] });
  const loaded = parseTokenizer(tokenizerText(trained));
  for (const text of sentences) {
    expect(trained.decode(trained.encode(text))).toBe(text);
    expect(loaded.encode(text)).toEqual(trained.encode(text));
  }
  expect(trained.size).toBe(32);
  expect(trained.decode(trained.encode("the   cat\nsat"))).toBe("the cat sat");
  const { vocab } = trained.toJson().model as unknown as { vocab: [string, number][] };
  expect(vocab.slice(0, 2)).toEqual([
    ["<unk>", 0],
    ["<pad>", 0],
  ]);
  expect(Array.from(trained.encode("sat"), (id) => trained.tokenOf(id))).toEqual(["▁sat"]);
});

test("byte and character tokenizers agree with what their saved form does", () => {
  const bytes = byteTokenizer();
  const characters = characterTokenizer(hard);
  for (const tokenizer of [bytes, characters]) {
    const loaded = parseTokenizer(tokenizerText(tokenizer));
    expect(loaded.size).toBe(tokenizer.size);
    for (const text of hard) {
      expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
      expect(loaded.encode(text)).toEqual(tokenizer.encode(text));
      expect(loaded.decode(tokenizer.encode(text))).toBe(text);
    }
  }
  expect(Array.from(bytes.encode("é"))).toEqual([0xc3, 0xa9]);
  expect([bytes.tokenOf(32), bytes.idOf("Ġ"), bytes.idOf("ab")]).toEqual(["Ġ", 32, undefined]);
  const small = characterTokenizer(["ba🙂"]);
  expect(Array.from(small.encode("ab🙂c"))).toEqual([1, 2, 3, 0]);
  expect(small.decode([1, 0, 3])).toBe("a🙂");
  expect(small.decode([1, 0], { special: true })).toBe("a[UNK]");
});

test("a file in the manner of GPT-2's, BERT's and T5's is run as they are", () => {
  const gpt = tokenizerOf(
    tokenizerJson({
      model: {
        type: "BPE",
        vocab: { l: 0, o: 1, w: 2, e: 3, r: 4, lo: 5, low: 6, er: 7, Ġ: 8, Ġlow: 9 },
        merges: ["l o", "lo w", "e r", "Ġ low"],
      },
      pre_tokenizer: { type: "ByteLevel", add_prefix_space: false, use_regex: true },
      decoder: { type: "ByteLevel" },
    }),
  );
  expect(Array.from(gpt.encode("low lower"))).toEqual([6, 9, 7]);
  expect(gpt.decode([6, 9, 7])).toBe("low lower");
  const t5 = tokenizerOf(
    tokenizerJson({
      model: {
        type: "Unigram",
        unk_id: 0,
        vocab: [
          ["<unk>", 0],
          ["▁a", -1],
          ["b", -2],
          ["▁ab", -2.5],
          ["c", -3],
        ],
      },
      normalizer: { type: "Sequence", normalizers: [{ type: "NFKC" }, { type: "Lowercase" }] },
      pre_tokenizer: { type: "Metaspace", replacement: "▁", prepend_scheme: "always" },
      decoder: { type: "Metaspace", replacement: "▁", prepend_scheme: "always" },
    }),
  );
  expect(Array.from(t5.encode("ABC ａ"))).toEqual([3, 4, 1]);
  expect(t5.decode([3, 4, 1])).toBe("abc a");
});

const refusals: readonly (readonly [string, () => unknown, string])[] = [
  ["an empty file", () => parseTokenizer(" "), "tokenizer.json is empty: get the tokenizer again."],
  [
    "text that is no JSON",
    () => parseTokenizer("vocab", "t.json"),
    "t.json: the text is not JSON (Unexpected token 'v', \"vocab\" is not valid JSON): correct it.",
  ],
  [
    "JSON that is no tokenizer",
    () => parseTokenizer('{"a": 1}'),
    'tokenizer.json describes no tokenizer: it has no "model"; use the tokenizer.json of a Hugging Face model.',
  ],
  [
    "an unknown model",
    () => parseTokenizer('{"model": {"type": "WordLevel", "vocab": {}}}'),
    'tokenizer.json: the model "WordLevel" is not known: use a tokenizer of BPE, WordPiece or Unigram.',
  ],
  [
    "a model without tokens",
    () => parseTokenizer('{"model": {"type": "BPE"}}'),
    'tokenizer.json: the model has no "vocab": get the tokenizer again.',
  ],
  [
    "an unknown part",
    () =>
      parseTokenizer(
        '{"model": {"type": "BPE", "vocab": {}, "merges": []}, "normalizer": {"type": "Klingon"}}',
      ),
    "tokenizer.json cannot be used (Unknown Normalizer type: Klingon): use another tokenizer.",
  ],
  [
    "no text",
    () => trainBpe([""], { size: 300 }),
    "trainBpe: the texts are empty: give it text to learn from.",
  ],
  [
    "no words",
    () => trainWordPiece([" "], { size: 30 }),
    "trainWordPiece: the texts are empty: give it text to learn from.",
  ],
  [
    "no pieces",
    () => trainUnigram([], { size: 30 }),
    "trainUnigram: the texts are empty: give it text to learn from.",
  ],
  [
    "no characters",
    () => characterTokenizer([""]),
    "characterTokenizer: the texts are empty: give it at least one character.",
  ],
  [
    "too few tokens for bytes",
    () => trainBpe(["a"], { size: 256, special: ["x"] }),
    "trainBpe: size must be a whole number from 257, got 256.",
  ],
  [
    "too few tokens for BERT's characters",
    () => trainWordPiece(["abc"], { size: 7 }),
    "trainWordPiece: size must be a whole number from 8, got 7.",
  ],
  [
    "too few tokens for characters",
    () => trainUnigram(["abc"], { size: 4 }),
    "trainUnigram: size must be a whole number from 5, because the texts hold that many different characters with the special tokens, got 4.",
  ],
  [
    "an empty special token",
    () => trainBpe(["a"], { size: 300, special: [""] }),
    "trainBpe: a special token is empty: give each a text of its own.",
  ],
  [
    "equal special tokens",
    () => trainBpe(["a"], { size: 300, special: ["x", "x"] }),
    'trainBpe: special token "x" comes twice: give each a text of its own.',
  ],
  [
    "a minimum of none",
    () => trainBpe(["a"], { size: 300, minimum: 0 }),
    "trainBpe: minimum must be a whole number from 1, got 0.",
  ],
];

test.each(refusals)("refuses %s", (_, make, message) => {
  expect(make).toThrow(new DataError(message));
});
