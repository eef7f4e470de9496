// C words of a caption, L tokens of an icon

import {
  type CaptionedIcon,
  DataError,
  gridIcon,
  IconCoding,
  iconMarks,
  type PointScheme,
} from "@quire/data";
import { Random } from "@quire/tensor";
import { type CaptionCoding, captionCoding, captionIds } from "./icon-captions.ts";

/** An icon as ids. */
export interface IconExample {
  readonly name: string;
  /** Its captions, each filled up, `[C]`; its name first. */
  readonly captions: readonly Int32Array[];
  /** Tokens, the one that ends it last. */
  readonly tokens: readonly number[];
}

/** Icons to learn from and to measure on, and how they are coded. */
export interface IconLearningData extends CaptionCoding {
  readonly grid: number;
  readonly scheme: PointScheme;
  /** The most tokens of an icon, those of a cut-out span's marks among them. */
  readonly length: number;
  readonly train: readonly IconExample[];
  readonly validation: readonly IconExample[];
  /** Icons that are longer, and were left out. */
  readonly tooLong: number;
  /** How wide lines are, in steps of the grid, where icons are of lines. */
  readonly stroke?: number;
}

/** How icons are made into data. */
export interface IconDataOptions {
  readonly grid: number;
  readonly scheme: PointScheme;
  /** The most tokens of an icon; longer ones are left out. */
  readonly length: number;
  /** The most words that are kept, and the most of a caption. */
  readonly mostWords: number;
  readonly longestCaption: number;
  /** Share of the icons that is kept apart, above 0 and below 1. */
  readonly validation: number;
  readonly seed: number;
  /** Words that a model knows already. */
  readonly known?: CaptionCoding;
}

/** Tokens that cutting a span out adds: two that stand for it, and one that ends it. */
export const CUT_TOKENS = 3;

/**
 * Keeps part of the icons apart, drawn by the seed, and codes all of them on a grid. Icons of one name stay together.
 *
 * @throws DataError when nothing is left, or one part would be empty.
 */
export function iconLearningData(
  icons: readonly CaptionedIcon[],
  options: IconDataOptions,
): IconLearningData {
  const { grid, scheme, length, validation: share, seed } = options;
  const drawn = drawnOn({ grid, scheme }, icons);
  const fitting = drawn.filter(({ tokens }) => fits(tokens, length));
  const tooLong = drawn.filter(({ tokens }) => tokens.length + CUT_TOKENS > length).length;
  if (fitting.length < 2) {
    const room = length - CUT_TOKENS;
    throw new DataError(
      tooLong > 0
        ? `${tooLong} of ${icons.length} icons have more than ${room} tokens: give more icons, a longer --length or a coarser --grid.`
        : "a single icon is too few to keep part of them apart: give more.",
    );
  }
  const order = Array.from(new Random(seed).fork("validation").permutation(fitting.length));
  const count = Math.min(fitting.length - 1, Math.max(1, Math.round(share * fitting.length)));
  const at = (place: number): Drawn => fitting[place] as Drawn;
  const [apart, rest] = [order.slice(0, count).map(at), order.slice(count).map(at)];
  const captions =
    options.known ??
    captionCoding(
      rest.flatMap((each) => each.captions),
      { most: options.mostWords, longest: options.longestCaption },
    );
  const { words, captionLength } = captions;
  const strokes = fitting.flatMap(({ stroke }) => stroke ?? []).sort((a, b) => a - b);
  const stroke = strokes[Math.floor(strokes.length / 2)];
  return {
    ...{ words, captionLength, grid, scheme, length, tooLong },
    ...{ train: encoded(rest, captions), validation: encoded(apart, captions) },
    ...(stroke === undefined ? {} : { stroke }),
  };
}

/** Icons as the ids of a model that is there; those that are longer than it reads are left out. */
export function iconExamples(
  icons: readonly CaptionedIcon[],
  shape: Pick<IconLearningData, "grid" | "scheme" | "length" | "words" | "captionLength">,
): IconExample[] {
  const fitting = drawnOn(shape, icons).filter(({ tokens }) => fits(tokens, shape.length));
  return encoded(fitting, shape);
}

interface Drawn {
  readonly name: string;
  readonly captions: CaptionedIcon["captions"];
  readonly stroke: number | undefined;
  readonly tokens: readonly number[];
}

function drawnOn(
  shape: { readonly grid: number; readonly scheme: PointScheme },
  icons: readonly CaptionedIcon[],
): Drawn[] {
  const coding = new IconCoding(shape);
  return icons.map(({ icon, captions }) => {
    const own = gridIcon(icon, shape.grid);
    return { name: icon.name, captions, stroke: own.stroke, tokens: coding.encode(own) };
  });
}

/** Whether an icon draws something and is no longer than it may be. */
function fits(tokens: readonly number[], length: number): boolean {
  return tokens.length > 1 && tokens.length + CUT_TOKENS <= length;
}

function encoded(icons: readonly Drawn[], captions: CaptionCoding): IconExample[] {
  const ids = new Map(captions.words.map((word, id) => [word, id]));
  return icons.map(({ name, captions: own, tokens }) => ({
    ...{ name, tokens },
    captions: (own.length > 0 ? own : [[]]).map((caption) => captionIds(captions, caption, ids)),
  }));
}

/**
 * Cuts a span out of an icon's tokens: a mark stands for it, and it follows the icon's end, after the mark again and
 * before a mark of its end (Aghajanyan et al. 2022, section 2).
 */
export function cutOut(
  tokens: readonly number[],
  [from, to]: readonly [number, number],
): readonly number[] {
  const { mask, endOfMask } = iconMarks;
  return [
    ...tokens.slice(0, from),
    ...[mask, ...tokens.slice(to), mask],
    ...tokens.slice(from, to),
    endOfMask,
  ];
}

/** Puts a span back where it was cut out; what was never cut stays as it is. */
export function putBack(tokens: readonly number[]): readonly number[] {
  const { mask, endOfMask } = iconMarks;
  const first = tokens.indexOf(mask);
  const second = tokens.indexOf(mask, first + 1);
  if (first < 0 || second < 0) return tokens;
  const end = tokens.indexOf(endOfMask, second);
  const span = tokens.slice(second + 1, end < 0 ? undefined : end);
  return [...tokens.slice(0, first), ...span, ...tokens.slice(first + 1, second)];
}
