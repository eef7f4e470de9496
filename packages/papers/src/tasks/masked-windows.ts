// B windows, T tokens

import { DataError } from "@quire/data";
import { type HostTensor, hostTensor, Random } from "@quire/tensor";
import type { TokenStream } from "./language-data.ts";

/** Windows of texts with gaps, and what stood in them. */
export interface MaskedBatch {
  /** int32 `[B, T]` */
  readonly ids: HostTensor<"int32">;
  /** Of which stretch of text a token is, 0 or 1, int32 `[B, T]`. */
  readonly sentences: HostTensor<"int32">;
  /** What stood there, int32 `[B, T]`. */
  readonly labels: HostTensor<"int32">;
  /** Whether the place counts as a gap, bool `[B, T]`. */
  readonly gaps: HostTensor<"bool">;
  /** Whether the stretches stand in the wrong order, int32 `[B]`. */
  readonly order: HostTensor<"int32">;
}

/** How windows with gaps are made of a stream. */
export interface MaskedWindowOptions {
  /** Tokens of a window, marks among them. */
  readonly context: number;
  /** How many tokens the tokenizer has; the marks come after them. */
  readonly tokens: number;
  /** Whether a window is of two stretches of text, with marks between them. */
  readonly isPair: boolean;
  /** Draws the gaps and the stretches. */
  readonly seed: number;
}

/** Tokens that a model which fills gaps has beside those of the tokenizer. */
export const MARKS = 3;
/** Share of the tokens that become gaps (Devlin et al. 2019, section 3.1). */
export const GAPS = 0.15;
/** Of these, so many show the mark of a gap, so many another token, and the rest what stood there. */
const [HIDDEN, OTHER] = [0.8, 0.1] as const;
/** Marks of a pair: one before, one between and one behind. */
const PAIR_MARKS = 3;

/** What stands for a gap, for a beginning and for an end, after the tokenizer's own tokens. */
export function marksOf(tokens: number) {
  return { gap: tokens, first: tokens + 1, end: tokens + 2 };
}

/** Tokens of text in a window. */
export function contentOf({ context, isPair }: Pick<MaskedWindowOptions, "context" | "isPair">) {
  return isPair ? context - PAIR_MARKS : context;
}

/**
 * The most tokens of a window for streams so short that the wanted one does not fit.
 *
 * @throws DataError when there is nothing to learn from.
 */
export function maskedContextFor(streams: readonly TokenStream[], wanted: number): number {
  const shortest = Math.min(...streams.map(({ tokens }) => tokens.length));
  const least = PAIR_MARKS + 2;
  if (shortest < least) {
    throw new DataError(
      `the text is too short: it has ${shortest} tokens to learn from or to measure on; give more text.`,
    );
  }
  return Math.min(Math.max(wanted, least), shortest);
}

/** How many whole windows a stream has. */
export function maskedWindowCount({ tokens }: TokenStream, options: MaskedWindowOptions): number {
  return Math.floor(tokens.length / contentOf(options));
}

/**
 * An epoch of batches, all of one size: windows side by side, which start somewhere else in every epoch, come in an
 * order of its own and have other gaps; all of it depends on seed and epoch alone.
 */
export function* maskedBatches(
  stream: TokenStream,
  options: MaskedWindowOptions & {
    readonly batchSize: number;
    readonly epoch: number;
    readonly start: number;
  },
): Generator<MaskedBatch> {
  const { batchSize, epoch, start, seed } = options;
  const random = new Random(seed).fork("windows").fork(epoch);
  const content = contentOf(options);
  const count = maskedWindowCount(stream, options);
  const first = random.integer(stream.tokens.length - count * content + 1);
  const order = random.permutation(count);
  const gaps = new Random(seed).fork("gaps").fork(epoch).bits() >>> 0;
  for (let batch = start; (batch + 1) * batchSize <= count; batch++) {
    const places = order.subarray(batch * batchSize, (batch + 1) * batchSize);
    const starts = Array.from(places, (place) => first + place * content);
    yield maskedBatchAt(stream.tokens, starts, { ...options, seed: gaps });
  }
}

/** The windows that start at places of a stream; the gaps of each depend on its place and the seed. */
export function maskedBatchAt(
  stream: Int32Array,
  places: readonly number[],
  options: MaskedWindowOptions,
): MaskedBatch {
  const { context, seed } = options;
  const size = places.length * context;
  const [ids, labels, sentences] = [
    new Int32Array(size),
    new Int32Array(size),
    new Int32Array(size),
  ];
  const gaps = new Uint8Array(size);
  const order = new Int32Array(places.length);
  const content = contentOf(options);
  places.forEach((place, row) => {
    const random = new Random(seed).fork(place);
    const text = stream.subarray(place, place + content);
    const own = <A extends Int32Array | Uint8Array>(all: A): A =>
      all.subarray(row * context, (row + 1) * context) as A;
    order[row] = layOut(text, options, random, own(labels), own(sentences));
    own(ids).set(own(labels));
    makeGaps(own(ids), own(gaps), options, random);
  });
  const shape = [places.length, context];
  return {
    ids: hostTensor(ids, shape, "int32"),
    sentences: hostTensor(sentences, shape, "int32"),
    labels: hostTensor(labels, shape, "int32"),
    gaps: hostTensor(gaps, shape, "bool"),
    order: hostTensor(order, [places.length], "int32"),
  };
}

/// ALBERT, section 3.1 (Lan et al. 2020), as the authors of Megatron-LM take it over: two stretches that follow one
/// another, in half of the windows the second before the first.
/** Writes a text into a window, and says whether its stretches stand in the wrong order. */
function layOut(
  text: Int32Array,
  { tokens, isPair }: MaskedWindowOptions,
  random: Random,
  window: Int32Array,
  sentences: Int32Array,
): number {
  if (!isPair) {
    window.set(text);
    return 0;
  }
  const { first, end } = marksOf(tokens);
  const cut = 1 + random.integer(text.length - 1);
  const isWrong = random.uniform() < 0.5;
  const parts = [text.subarray(0, cut), text.subarray(cut)] as const;
  const [one, two] = isWrong ? [parts[1], parts[0]] : parts;
  window[0] = first;
  window.set(one, 1);
  window[1 + one.length] = end;
  window.set(two, 2 + one.length);
  window[2 + text.length] = end;
  sentences.fill(1, 2 + one.length);
  return Number(isWrong);
}

/** Makes gaps in a window's tokens; marks stay. */
function makeGaps(
  ids: Int32Array,
  gaps: Uint8Array,
  { tokens }: MaskedWindowOptions,
  random: Random,
): void {
  const { gap } = marksOf(tokens);
  const places = Array.from(ids.keys()).filter((place) => (ids[place] as number) < tokens);
  const count = Math.max(1, Math.round(GAPS * places.length));
  for (const drawn of random.permutation(places.length).subarray(0, count)) {
    const place = places[drawn] as number;
    gaps[place] = 1;
    const kind = random.uniform();
    if (kind < HIDDEN) ids[place] = gap;
    else if (kind < HIDDEN + OTHER) ids[place] = random.integer(tokens);
  }
}
