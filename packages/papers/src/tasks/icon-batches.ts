// B icons, C words of a caption, L tokens of an icon, T = C + L ids

import { ICON_MARKS, IconCoding, iconMarks } from "@quire/data";
import { type HostTensor, hostTensor, Random } from "@quire/tensor";
import { cutOut, type IconExample, type IconLearningData } from "./icon-data.ts";

/** Icons side by side, after their captions. */
export interface IconBatch {
  /** int32 `[B, T]`: the start, a caption, and all tokens of an icon but the last. */
  readonly ids: HostTensor<"int32">;
  /** int32 `[B, C]` */
  readonly words: HostTensor<"int32">;
  /** int32 `[B, L]`; -1 where none counts. L is the least that holds all of them, or the most there is. */
  readonly tokens: HostTensor<"int32">;
}

/** What of the data a batch depends on. */
export type IconShape = Pick<
  IconLearningData,
  "grid" | "scheme" | "length" | "captionLength" | "words"
>;

/** How icons differ each time that they are seen. */
export interface IconVariety {
  /** Share of the icons of which a span is cut out, to be filled in. */
  readonly cut: number;
  /** The most steps of the grid by which an icon is moved. */
  readonly shift: number;
}

/** How often another name or a tag is the caption, and how often there is none. */
const OTHER_NAME = 0.2;
const NO_CAPTION = 0.1;

/** Batches whose icons are sorted by length, so that icons of about one length come together. */
const SORTED_BATCHES = 16;
/** Batches are of few lengths, each compiled once, that are multiples of this: little is filled up. */
const LENGTHS = 8;
const LENGTH_STEP = 8;

/** An epoch of batches, all of one size, in an order of its own that depends on seed and epoch alone. */
export function* iconBatches(
  examples: readonly IconExample[],
  shape: IconShape,
  given: IconVariety & {
    /** Icons a batch. */
    readonly size: number;
    readonly seed: number;
    readonly epoch: number;
    /** The first batch to yield. */
    readonly start: number;
  },
): Generator<IconBatch> {
  const own = new Random(given.seed).fork("icons").fork(given.epoch);
  const order = orderOf(examples, given.size, own);
  const coding = new IconCoding(shape);
  const step = LENGTH_STEP * Math.ceil(shape.length / LENGTHS / LENGTH_STEP);
  for (const [place, batch] of order.entries()) {
    if (place < given.start) continue;
    // A batch has draws of its own, so that a training which goes on with it sees the same.
    const random = own.fork(place);
    const rows = batch.map((example) => varied(example, coding, given, random));
    const longest = Math.max(...rows.map(([, { length }]) => length));
    const length = Math.min(shape.length, Math.ceil(longest / step) * step);
    yield batchOf(rows, { ...shape, length });
  }
}

/** The icons of each batch. */
function orderOf(
  examples: readonly IconExample[],
  size: number,
  random: Random,
): (readonly IconExample[])[] {
  const order = Array.from(
    random.permutation(examples.length),
    (place) => examples[place] as IconExample,
  );
  const count = Math.floor(examples.length / size);
  const batches: (readonly IconExample[])[] = [];
  for (let first = 0; first < count; first += SORTED_BATCHES) {
    const own = Math.min(SORTED_BATCHES, count - first);
    const sorted = order
      .slice(first * size, (first + own) * size)
      .sort((a, b) => a.tokens.length - b.tokens.length);
    for (const batch of random.permutation(own)) {
      batches.push(sorted.slice(batch * size, (batch + 1) * size));
    }
  }
  return batches;
}

/** A caption and tokens. */
export type IconRow = readonly [caption: Int32Array, tokens: readonly number[]];

function varied(
  { captions, tokens }: IconExample,
  coding: IconCoding,
  { cut, shift }: IconVariety,
  random: Random,
): IconRow {
  const caption = captionOf(captions, random);
  const step = (): number => random.integer(2 * shift + 1) - shift;
  const moved = shift > 0 ? (coding.shifted(tokens, [step(), step()]) ?? tokens) : tokens;
  const span = random.uniform() < cut ? spanOf(moved, random) : undefined;
  return [caption, span ? cutOut(moved, span) : moved];
}

/** The name mostly, now and then another caption or none. */
function captionOf(captions: readonly Int32Array[], random: Random): Int32Array {
  const [first, ...others] = captions as [Int32Array, ...Int32Array[]];
  const drawn = random.uniform();
  const other = others[random.integer(Math.max(1, others.length))] ?? first;
  if (drawn < NO_CAPTION) return first.map(() => 0);
  return drawn < NO_CAPTION + OTHER_NAME ? other : first;
}

/** Commands from one to another, drawn evenly, that are cut out; what ends the icon stays. */
function spanOf(tokens: readonly number[], random: Random): readonly [number, number] {
  const end = tokens.length - 1;
  const starts = [...tokens.keys()].filter((at) => at < end && (tokens[at] ?? 0) < ICON_MARKS);
  const [a, b] = [random.integer(starts.length), random.integer(starts.length)];
  const [first, last] = [Math.min(a, b), Math.max(a, b)];
  return [starts[first] as number, starts[last + 1] ?? end];
}

/** A batch of rows; the second mark of a span that was cut out is not foretold, for it always follows. */
export function batchOf(rows: readonly IconRow[], shape: IconShape): IconBatch {
  const { length, captionLength, words: known } = shape;
  const { size } = new IconCoding(shape);
  const width = captionLength + length;
  const ids = new Int32Array(rows.length * width);
  const words = new Int32Array(rows.length * captionLength);
  const labels = new Int32Array(rows.length * length).fill(-1);
  for (const [row, [caption, tokens]] of rows.entries()) {
    const start = row * width;
    ids[start] = size + known.length;
    ids.set(
      caption.map((word) => size + word),
      start + 1,
    );
    ids.set(tokens.slice(0, length - 1), start + 1 + captionLength);
    words.set(caption, row * captionLength);
    labels.set(
      tokens.map((token) => (token === iconMarks.mask ? -1 : token)),
      row * length,
    );
  }
  const shaped = (values: Int32Array): HostTensor<"int32"> =>
    hostTensor(values, [rows.length, values.length / rows.length], "int32");
  return { ids: shaped(ids), words: shaped(words), tokens: shaped(labels) };
}
