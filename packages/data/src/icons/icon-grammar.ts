import { ICON_MARKS, type IconCoding, iconMarks } from "./icon-coding.ts";

/** How an icon is kept well formed while it is written. */
export interface GrammarOptions {
  /** The most tokens it may have, the one that ends it among them. */
  readonly room: number;
  /** The token that ends it; `iconMarks.end` unless said. */
  readonly ending?: number;
  /** Whether loops may stay open, as lines do; false unless said. */
  readonly isStroked?: boolean;
}

/** What has been read of an icon: how far its last command and its last loop are. */
interface State {
  /** Tokens that the last command still lacks. */
  readonly missing: number;
  /** The first point of the last loop, as its tokens; empty before there is one. */
  readonly start: readonly number[];
  readonly isClosed: boolean;
  readonly isDrawn: boolean;
}

/**
 * The tokens that may follow so that an icon is well formed: commands with all their points, loops that are closed
 * before the next one begins, and an end before the room is used up.
 */
export function grammarTokens(
  coding: IconCoding,
  tokens: readonly number[],
  options: GrammarOptions,
): readonly number[] {
  const { ending = iconMarks.end, isStroked = false, room } = options;
  const each = coding.scheme === "point" ? 1 : 2;
  const { missing, start, isClosed, isDrawn } = stateOf(tokens, each);
  const left = room - tokens.length;
  const { move, line, curve } = iconMarks;
  if (missing > 0) return pointTokens(coding, { missing, left, start, each, isStroked });
  const isDone = start.length > 0 && isDrawn && (isClosed || isStroked);
  const closing = 1 + each + 1;
  const canMove = left >= 1 + 2 * each + 3 * (1 + each) + closing;
  const canCurve = left >= 1 + 3 * each + closing;
  const canLine = left >= 1 + each + closing;
  if (start.length === 0) return [move];
  const on = [...(canLine ? [line] : []), ...(canCurve ? [curve] : [])];
  if (isDone) return [ending, ...on, ...(canMove ? [move] : [])];
  return on.length > 0 ? on : [line];
}

/** The tokens of a point, or of its column or its row; where a loop has to end now, those of its start. */
function pointTokens(
  { grid, scheme }: IconCoding,
  state: {
    readonly missing: number;
    readonly left: number;
    readonly start: readonly number[];
    readonly each: number;
    readonly isStroked: boolean;
  },
): readonly number[] {
  const { missing, left, start, each, isStroked } = state;
  const isRow = each === 2 && missing % 2 === 1;
  // After this command no line would fit any more.
  const mustClose = !isStroked && start.length > 0 && missing <= each && left - missing < 2 + each;
  if (mustClose) return [start[each - missing] as number];
  const first = ICON_MARKS + (isRow ? grid : 0);
  const count = scheme === "point" ? grid * grid : grid;
  return Array.from({ length: count }, (_, place) => first + place);
}

function stateOf(tokens: readonly number[], each: number): State {
  const points: Readonly<Record<number, number>> = {
    [iconMarks.move]: 2,
    [iconMarks.line]: 1,
    [iconMarks.curve]: 3,
  };
  let [start, end]: [readonly number[], readonly number[]] = [[], []];
  let [sides, curves, missing] = [0, 0, 0];
  for (let at = 0; at < tokens.length; ) {
    const command = tokens[at] as number;
    const length = 1 + (points[command] ?? 0) * each;
    const own = tokens.slice(at + 1, at + length);
    missing = length - 1 - own.length;
    end = own.slice(-each);
    if (command === iconMarks.move) {
      [start, sides, curves] = [missing > 0 ? [] : end, 0, 0];
    } else {
      sides += 1;
      curves += Number(command === iconMarks.curve);
    }
    at += length;
  }
  const isClosed = start.join() === end.join();
  return { missing, start, isClosed, isDrawn: curves > 0 || sides > 2 };
}
