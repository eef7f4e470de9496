import type { Icon, PathCommand } from "../tasks/icon.ts";

/** A place on a grid: whole numbers from 0 to the grid's size less 1. */
export type GridPoint = readonly [x: number, y: number];

/** A stretch of a loop: straight, or a cubic curve with two control points. */
export interface Segment {
  readonly controls?: readonly [GridPoint, GridPoint];
  readonly to: GridPoint;
}

/** What a pen draws without being lifted. */
export interface Loop {
  readonly start: GridPoint;
  readonly segments: readonly Segment[];
}

/** An icon on a grid: paths, each of loops. */
export interface GridIcon {
  /** Places in each direction. */
  readonly grid: number;
  readonly paths: readonly (readonly Loop[])[];
  /** How wide lines are, in steps of the grid, where the icon is of lines; it is filled unless said. */
  readonly stroke?: number;
}

/** Whether two places are the same. */
export function isSame(a: GridPoint, b: GridPoint): boolean {
  return a[0] === b[0] && a[1] === b[1];
}

/** Where a loop ends. */
export function endOf({ start, segments }: Loop): GridPoint {
  return segments.at(-1)?.to ?? start;
}

/**
 * Puts an icon on a grid: every command becomes a line or a cubic curve between whole places. Loops of a filled icon
 * are closed; lines that go on straight are joined, and what shrinks to a point is left out.
 */
export function gridIcon({ viewBox, paths, stroke }: Icon, grid: number): GridIcon {
  const [left, top, width, height] = viewBox;
  const scale = (grid - 1) / Math.max(width, height);
  const [x0, y0] = [(grid - 1 - scale * width) / 2, (grid - 1 - scale * height) / 2];
  const clip = (value: number): number => Math.max(0, Math.min(grid - 1, Math.round(value)));
  const scaled = ([x, y]: Place): Place => [x0 + scale * (x - left), y0 + scale * (y - top)];
  const frame: Frame = {
    place: (at) => {
      const [x, y] = scaled(at);
      return [clip(x), clip(y)];
    },
    holds: (at) => scaled(at).every((value) => value >= -0.5 && value <= grid - 0.5),
  };
  const isFilled = stroke === undefined;
  return {
    grid,
    paths: paths
      .map((path) => loopsOf(path, frame, isFilled).map(simplified).filter(isDrawn(isFilled)))
      .filter((loops) => loops.length > 0)
      .map(apart),
    ...(isFilled ? {} : { stroke: scale * stroke }),
  };
}

/** A place in the drawing's own coordinates. */
type Place = readonly [x: number, y: number];

/** How a drawing's places become those of the grid, and which of them it holds. */
interface Frame {
  readonly place: (at: Place) => GridPoint;
  readonly holds: (at: Place) => boolean;
}

/** The loops of a path, segment for segment. */
function loopsOf(path: readonly PathCommand[], frame: Frame, isFilled: boolean): Loop[] {
  const loops: { start: GridPoint; segments: Segment[]; isClosed: boolean }[] = [];
  let [first, last]: [Place, Place] = [
    [0, 0],
    [0, 0],
  ];
  for (const [command, ...numbers] of path) {
    const open = loops.at(-1);
    if (command === "Z") {
      if (open) open.isClosed = true;
      last = first;
      continue;
    }
    const end = numbers.slice(-2) as [number, number];
    if (command === "M") first = end;
    if (command === "M" || !open || open.isClosed) {
      // What follows a closed loop without a move begins where that began.
      const start = command === "M" ? end : first;
      loops.push({ start: frame.place(start), segments: [], isClosed: false });
    }
    if (command !== "M") loops.at(-1)?.segments.push(...segmentsOf(command, numbers, last, frame));
    last = end;
  }
  return loops.map(({ start, segments, isClosed }) => {
    const loop = { start, segments };
    const isOpen = !isSame(endOf(loop), start);
    return isOpen && (isClosed || isFilled)
      ? { start, segments: [...segments, { to: start }] }
      : loop;
  });
}

/** A command as a line or as cubic curves. */
function segmentsOf(
  command: string,
  numbers: readonly number[],
  from: Place,
  frame: Frame,
): Segment[] {
  const [a = 0, b = 0, c = 0, d = 0] = numbers;
  const to = numbers.slice(-2) as [number, number];
  if (command === "L") return [{ to: frame.place(to) }];
  if (command === "C") return curves([from, [a, b], [c, d], to], frame, SPLITS);
  // A quadratic curve's control point stands two thirds of the way from each end.
  const towards = (end: Place): Place => between(end, [a, b], 2 / 3);
  return curves([from, towards(from), towards(to), to], frame, SPLITS);
}

/** How often a curve is cut in two. */
const SPLITS = 4;

/** A curve as it is, or its halves where a control point stands beside the grid (de Casteljau). */
function curves(
  points: readonly [Place, Place, Place, Place],
  frame: Frame,
  splits: number,
): Segment[] {
  const [from, first, second, to] = points;
  if (splits === 0 || (frame.holds(first) && frame.holds(second))) {
    return [{ controls: [frame.place(first), frame.place(second)], to: frame.place(to) }];
  }
  const [a, b, c] = [between(from, first), between(first, second), between(second, to)];
  const [left, right] = [between(a, b), between(b, c)];
  const middle = between(left, right);
  return [
    ...curves([from, a, left, middle], frame, splits - 1),
    ...curves([middle, right, c, to], frame, splits - 1),
  ];
}

function between([ax, ay]: Place, [bx, by]: Place, share = 0.5): Place {
  return [ax + share * (bx - ax), ay + share * (by - ay)];
}

/** The same outline with fewer segments. */
function simplified({ start, segments }: Loop): Loop {
  const kept: Segment[] = [];
  let from = start;
  for (const segment of segments) {
    const own = straightened(from, segment);
    if (!own.controls && isSame(from, own.to)) continue;
    const before = kept.at(-1);
    const beforeFrom = kept.at(-2)?.to ?? start;
    if (before && !before.controls && !own.controls && goesOn(beforeFrom, from, own.to)) kept.pop();
    kept.push(own);
    from = own.to;
  }
  return { start, segments: kept };
}

/** A curve whose control points stand in order on its chord is a line. */
function straightened(from: GridPoint, { controls, to }: Segment): Segment {
  if (!controls) return { to };
  const [first, second] = controls;
  const along = (p: GridPoint): number => dot(minus(p, from), minus(to, from));
  const isOn = controls.every((p) => cross(minus(p, from), minus(to, from)) === 0);
  const isInside = along(first) >= 0 && along(second) <= along(to) && along(first) <= along(second);
  const isPoint = isSame(from, to) && controls.every((p) => isSame(p, from));
  return isPoint || (isOn && isInside && !isSame(from, to)) ? { to } : { controls, to };
}

/** Whether the way from a by b to c is straight. */
function goesOn(a: GridPoint, b: GridPoint, c: GridPoint): boolean {
  return cross(minus(b, a), minus(c, b)) === 0 && dot(minus(b, a), minus(c, b)) > 0;
}

/** Whether a loop leaves anything to see: a filled one needs a curve or three sides. */
function isDrawn(isFilled: boolean): (loop: Loop) => boolean {
  return ({ segments }) =>
    segments.length > 0 &&
    (!isFilled || segments.length > 2 || segments.some(({ controls }) => controls !== undefined));
}

/**
 * Loops none of which begins where the one before ended, for that is how a sequence of tokens tells a path's end: a
 * closed loop begins at its next corner instead.
 */
function apart(loops: readonly Loop[]): readonly Loop[] {
  const moved: Loop[] = [];
  for (const loop of loops) {
    const before = moved.at(-1);
    const [first, ...others] = loop.segments;
    const touches = before !== undefined && isSame(endOf(before), loop.start);
    const canTurn = first && others.length > 0 && isSame(endOf(loop), loop.start);
    moved.push(touches && canTurn ? { start: first.to, segments: [...others, first] } : loop);
  }
  return moved;
}

function minus([ax, ay]: GridPoint, [bx, by]: GridPoint): GridPoint {
  return [ax - bx, ay - by];
}

function cross([ax, ay]: GridPoint, [bx, by]: GridPoint): number {
  return ax * by - ay * bx;
}

function dot([ax, ay]: GridPoint, [bx, by]: GridPoint): number {
  return ax * bx + ay * by;
}
