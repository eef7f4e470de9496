import { DataError } from "../errors.ts";
import { countWords } from "./count-words.ts";
import { tokenizerOf } from "./json-tokenizer.ts";
import { Lattice } from "./lattice.ts";
import { codesOf, PieceTrie } from "./piece-trie.ts";
import { seedPieces } from "./seed-pieces.ts";
import { type Tokenizer, tokenizerJson } from "./tokenizer.ts";
import { checkTexts, checkTraining, type TrainingOptions } from "./training-options.ts";

const UNKNOWN = "<unk>";
const SPACE = "▁";
const SEEDS_A_TOKEN = 10;
const KEPT_A_ROUND = 0.75;
const STEPS_A_ROUND = 2;
const SPARE = 1.1;

const metaspace = { type: "Metaspace", replacement: SPACE, prepend_scheme: "always" };
const splitWords = { type: "Sequence", pretokenizers: [{ type: "WhitespaceSplit" }, metaspace] };

/** Pieces, how likely each is as a logarithm, and how many at the front are single characters. */
interface Model {
  readonly pieces: readonly string[];
  readonly scores: Float64Array;
  readonly characters: number;
}

interface Corpus {
  readonly words: readonly Int32Array[];
  readonly counts: readonly number[];
}

/**
 * Trains a unigram tokenizer (Kudo 2018, section 3.2) as T5 and ALBERT have: from many pieces those are dropped, a
 * quarter a round, whose loss costs the texts' likelihood least; there are fewer than `size` where the texts give no
 * more. Words are cut at white space of any kind, which comes
 * back as one space; `▁` stands for it. A character that the texts do not hold is unknown.
 *
 * @throws DataError when the texts are empty, or the size does not hold the special tokens and all characters.
 */
export function trainUnigram(texts: Iterable<string>, options: TrainingOptions): Tokenizer {
  const own = (options.special ?? []).filter((token) => token !== UNKNOWN);
  const given = { ...options, special: [UNKNOWN, ...own] };
  const { size, special, minimum } = checkTraining("trainUnigram", given, 1);
  const counted = countWords(texts, { pre_tokenizer: splitWords });
  checkTexts("trainUnigram", counted);
  const counts = [...counted.values()];
  const words = Array.from(counted.keys(), (word) => [...word]);
  const room = size - special.length;
  const seeds = seedPieces({ words, counts }, SEEDS_A_TOKEN * room, Math.max(2, minimum));
  if (seeds.characters > room) throw tooSmall(size, seeds.characters + special.length);
  const corpus = { words: Array.from(counted.keys(), codesOf), counts };
  const model = shrink(corpus, startOf(seeds), room);
  const ranked = Array.from(
    model.pieces,
    (piece, i) => [piece, model.scores[i] as number] as const,
  );
  ranked.sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  const vocab = [...special.map((token) => [token, 0] as const), ...ranked];
  return tokenizerOf(
    tokenizerJson(
      {
        model: { type: "Unigram", unk_id: 0, vocab, byte_fallback: false },
        pre_tokenizer: splitWords,
        decoder: metaspace,
      },
      special,
    ),
  );
}

function tooSmall(size: number, needed: number): DataError {
  return new DataError(
    `trainUnigram: size must be a whole number from ${needed}, because the texts hold that many different ` +
      `characters with the special tokens, got ${size}.`,
  );
}

function startOf({ pieces, counts, characters }: ReturnType<typeof seedPieces>): Model {
  const total = counts.reduce((sum, count) => sum + count, 0);
  return { pieces, characters, scores: Float64Array.from(counts, (n) => Math.log(n / total)) };
}

/** Drops pieces round by round until `room` are left, the last few of them by their probability alone. */
function shrink(corpus: Corpus, start: Model, room: number): Model {
  const near = Math.ceil(SPARE * room);
  let model = start;
  for (;;) {
    for (let step = 0; step < STEPS_A_ROUND; step++) model = improve(corpus, model);
    if (model.pieces.length <= near) return keepBest(model, model.scores, room);
    const left = Math.max(near, Math.floor(KEPT_A_ROUND * model.pieces.length));
    model = keepBest(model, costs(corpus, model), left);
  }
}

/** The `size` pieces of highest rank, and every single character. */
function keepBest({ pieces, scores, characters }: Model, rank: Float64Array, size: number): Model {
  const others = Array.from(pieces.keys()).slice(characters);
  others.sort((a, b) => (rank[b] as number) - (rank[a] as number) || a - b);
  const chosen = new Set(others.slice(0, size - characters));
  const kept = keepWhere(pieces, (i) => i < characters || chosen.has(i));
  return {
    pieces: kept.map((i) => pieces[i] as string),
    scores: Float64Array.from(kept, (i) => scores[i] as number),
    characters,
  };
}

/** One step of expectation and maximisation; pieces that are expected less than half a time are dropped. */
function improve(corpus: Corpus, { pieces, scores, characters }: Model): Model {
  const trie = new PieceTrie(pieces);
  const lattice = new Lattice();
  const expected = new Float64Array(pieces.length);
  corpus.words.forEach((word, i) => {
    lattice.fill(word, trie);
    lattice.expect(scores, expected, corpus.counts[i] as number);
  });
  const kept = keepWhere(pieces, (i) => i < characters || (expected[i] as number) >= 0.5);
  const total = kept.reduce((sum, i) => sum + Math.max(0.5, expected[i] as number), 0);
  // The digamma function makes rare pieces rarer, as a sparse prior does (Liang et al. 2007).
  const scored = kept.map((i) => digamma(Math.max(0.5, expected[i] as number)) - digamma(total));
  return {
    pieces: kept.map((i) => pieces[i] as string),
    scores: Float64Array.from(scored),
    characters,
  };
}

/** What the loss of each piece would cost the texts' likelihood; a piece that is not used costs least. */
function costs(corpus: Corpus, { pieces, scores, characters }: Model): Float64Array {
  const trie = new PieceTrie(pieces);
  const lattice = new Lattice();
  const uses = new Float64Array(pieces.length);
  corpus.words.forEach((word, i) => {
    lattice.fill(word, trie);
    for (const piece of lattice.best(scores) ?? []) {
      uses[piece] = (uses[piece] as number) + (corpus.counts[i] as number);
    }
  });
  const total = uses.reduce((sum, count) => sum + count, 0);
  return Float64Array.from(pieces, (piece, i) => {
    if (i < characters || uses[i] === 0) return Number.NEGATIVE_INFINITY;
    lattice.fill(codesOf(piece), trie);
    return costOf(uses, total, i, lattice.best(scores, i) ?? []);
  });
}

/** How much of the texts' log-likelihood is lost when a piece's uses become those of the pieces in its place. */
function costOf(
  uses: Float64Array,
  total: number,
  piece: number,
  others: readonly number[],
): number {
  const count = uses[piece] as number;
  const now = Math.log(count / total);
  const grown = total + count * (others.length - 1);
  const then = others.reduce((sum, i) => sum + Math.log(((uses[i] as number) + count) / grown), 0);
  return count * (now - then);
}

function keepWhere(pieces: readonly string[], keep: (index: number) => boolean): number[] {
  return Array.from(pieces.keys()).filter(keep);
}

/** The derivative of the logarithm of the gamma function, for positive numbers, by its asymptotic series. */
function digamma(x: number): number {
  let shift = 0;
  let large = x;
  for (; large < 7; large++) shift -= 1 / large;
  const inverse = 1 / (large * large);
  const series = inverse * (1 / 12 - inverse * (1 / 120 - inverse / 252));
  return shift + Math.log(large) - 1 / (2 * large) - series;
}
