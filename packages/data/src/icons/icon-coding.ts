import { DataError } from "../errors.ts";
import {
  endOf,
  type GridIcon,
  type GridPoint,
  isSame,
  type Loop,
  type Segment,
} from "./grid-icon.ts";

/** How places are written: one token a point, or one for its column and one for its row. */
export type PointScheme = "point" | "coordinates";

/** Tokens with a meaning of their own, as the official code of IconShop numbers them (dataset.py). */
export const iconMarks = { end: 0, mask: 1, endOfMask: 2, move: 3, line: 4, curve: 5 } as const;

/** How many tokens stand before those of places. */
export const ICON_MARKS = 6;

/** What a sequence of tokens draws. */
export interface ReadIcon {
  /** All that could be read. */
  readonly icon: GridIcon;
  /** What is wrong with the sequence, as a phrase; nothing unless said. */
  readonly problem?: string;
}

/** The largest grid: a place's token must be an int32, and a table of them fit in memory. */
const LARGEST_GRID = 1024;

/**
 * Icons as tokens. A path is commands, each before its points: `M from to`, `L to`, `C control control to`. A move
 * from a point to itself begins a path, another one a further loop of the same path.
 */
export class IconCoding {
  readonly grid: number;
  readonly scheme: PointScheme;
  /** How many different tokens there are. */
  readonly size: number;

  /** @throws DataError when the grid is none. */
  constructor({ grid, scheme }: { readonly grid: number; readonly scheme: PointScheme }) {
    if (!Number.isInteger(grid) || grid < 2 || grid > LARGEST_GRID) {
      throw new DataError(
        `the grid must be a whole number from 2 to ${LARGEST_GRID}, got ${grid}.`,
      );
    }
    this.grid = grid;
    this.scheme = scheme;
    this.size = ICON_MARKS + (scheme === "point" ? grid * grid : 2 * grid);
  }

  /** The tokens of a place. */
  tokensAt([x, y]: GridPoint): number[] {
    const { grid, scheme } = this;
    return scheme === "point"
      ? [ICON_MARKS + x + grid * y]
      : [ICON_MARKS + x, ICON_MARKS + grid + y];
  }

  /** The tokens of an icon, the one that ends it last. */
  encode(icon: GridIcon): number[] {
    return [...icon.paths.flatMap((loops) => this.encodePath(loops)), iconMarks.end];
  }

  /** The tokens of one path. */
  encodePath(loops: readonly Loop[]): number[] {
    return loops.flatMap((loop, place) => {
      const before = loops[place - 1];
      return this.encodeLoop(loop, before ? endOf(before) : loop.start);
    });
  }

  /** The tokens of one loop, moved to from a place. */
  encodeLoop({ start, segments }: Loop, from: GridPoint = start): number[] {
    return [
      ...[iconMarks.move, ...this.tokensAt(from), ...this.tokensAt(start)],
      ...segments.flatMap(({ controls, to }) =>
        controls
          ? [iconMarks.curve, ...[...controls, to].flatMap((point) => this.tokensAt(point))]
          : [iconMarks.line, ...this.tokensAt(to)],
      ),
    ];
  }

  /** Moves all places of a sequence by whole steps; undefined where one would leave the grid. */
  shifted(tokens: readonly number[], [dx, dy]: GridPoint): number[] | undefined {
    const { grid, scheme } = this;
    const moved: number[] = [];
    const isOn = (value: number): boolean => value >= 0 && value < grid;
    for (const token of tokens) {
      const place = token - ICON_MARKS;
      if (place < 0) {
        moved.push(token);
      } else if (scheme === "point") {
        const [x, y] = [(place % grid) + dx, Math.floor(place / grid) + dy];
        if (!isOn(x) || !isOn(y)) return undefined;
        moved.push(...this.tokensAt([x, y]));
      } else {
        const isRow = place >= grid;
        if (!isOn(isRow ? place - grid + dy : place + dx)) return undefined;
        moved.push(token + (isRow ? dy : dx));
      }
    }
    return moved;
  }

  /** Reads tokens up to the one that ends the icon, or as far as they make sense. */
  read(tokens: readonly number[], stroke?: number): ReadIcon {
    const reader = new Reader(this, tokens);
    const problem = reader.run() ?? (stroke === undefined ? openLoop(reader.paths) : undefined);
    const paths = reader.paths.map((loops) => loops.filter(({ segments }) => segments.length > 0));
    const icon = {
      grid: this.grid,
      paths: paths.filter((loops) => loops.length > 0),
      ...(stroke === undefined ? {} : { stroke }),
    };
    const nothing = icon.paths.length === 0 ? "nothing is drawn" : undefined;
    const wrong = problem ?? nothing;
    return wrong === undefined ? { icon } : { icon, problem: wrong };
  }
}

interface OpenLoop {
  readonly start: GridPoint;
  readonly segments: Segment[];
}

/** Reads one sequence. */
class Reader {
  readonly paths: OpenLoop[][] = [];
  readonly #coding: IconCoding;
  readonly #tokens: readonly number[];
  #at = 0;

  constructor(coding: IconCoding, tokens: readonly number[]) {
    this.#coding = coding;
    this.#tokens = tokens;
  }

  /** Reads to the end; says what is wrong with what stops it. */
  run(): string | undefined {
    while (this.#at < this.#tokens.length) {
      const command = this.#tokens[this.#at++] as number;
      if (command === iconMarks.end) return undefined;
      const problem = this.#command(command);
      if (problem !== undefined) return problem;
    }
    return "the icon has no end";
  }

  #command(command: number): string | undefined {
    const counts = { [iconMarks.move]: 2, [iconMarks.line]: 1, [iconMarks.curve]: 3 };
    const count = (counts as Readonly<Record<number, number>>)[command];
    if (count === undefined) return "a point stands where a command belongs";
    const points = Array.from({ length: count }, () => this.#point());
    if (points.includes(undefined)) return "a command lacks a point";
    const [first, second, third] = points as GridPoint[];
    if (command === iconMarks.move) {
      const loop = { start: second as GridPoint, segments: [] };
      const isNew = this.paths.length === 0 || isSame(first as GridPoint, second as GridPoint);
      if (isNew) this.paths.push([loop]);
      else this.paths.at(-1)?.push(loop);
      return undefined;
    }
    const loop = this.paths.at(-1)?.at(-1);
    if (!loop) return "a line begins nowhere";
    loop.segments.push(
      third
        ? { controls: [first as GridPoint, second as GridPoint], to: third }
        : { to: first as GridPoint },
    );
    return undefined;
  }

  #point(): GridPoint | undefined {
    const { grid, scheme } = this.#coding;
    const next = (): number => (this.#tokens[this.#at++] ?? -1) - ICON_MARKS;
    const first = next();
    if (scheme === "point") {
      return first >= 0 && first < grid * grid
        ? [first % grid, Math.floor(first / grid)]
        : undefined;
    }
    const second = next() - grid;
    const isPlace = first >= 0 && first < grid && second >= 0 && second < grid;
    return isPlace ? [first, second] : undefined;
  }
}

function openLoop(paths: readonly (readonly Loop[])[]): string | undefined {
  const isOpen = paths.flat().some((loop) => !isSame(endOf(loop), loop.start));
  const isFlat = paths
    .flat()
    .some(({ segments }) => segments.length < 3 && segments.every(({ controls }) => !controls));
  if (isOpen) return "an outline is not closed";
  return isFlat ? "an outline encloses nothing" : undefined;
}
