import { Random } from "@quire/tensor";
import type { Icon, PathCommand } from "../tasks/icon.ts";
import type { CaptionedIcon } from "./captioned.ts";

/** What made icons show. */
export const iconShapes = [
  "triangle",
  "square",
  "diamond",
  "pentagon",
  "hexagon",
  "star",
  "cross",
  "disc",
  "ring",
] as const;

/** How large they are, and where they stand. */
export const iconSizes = ["small", "large"] as const;
const places = {
  left: [-1, 0],
  right: [1, 0],
  top: [0, -1],
  bottom: [0, 1],
  middle: [0, 0],
} as const;
/** Where made icons show their shape. */
export const iconPlaces = ["left", "right", "top", "bottom", "middle"] as const;

/** Half the widths of small and of large shapes, as shares of the drawing. */
const radii = { small: [1 / 8, 5 / 32], large: [1 / 4, 9 / 32] } as const;
/** How far from the middle a shape stands, as a share of the room there is. */
const OUT = 0.7;
/** How much of a hollow shape is left out. */
const HOLE = 0.55;

type Shape = (typeof iconShapes)[number];

/** What icons are made. */
export interface ShapeIconOptions {
  readonly count: number;
  readonly seed: number;
  /** What they show; all shapes there are unless said. */
  readonly shapes?: readonly Shape[];
  /** Share of them that are hollow; half unless said. */
  readonly hollow?: number;
  /** Places in each direction that they are made for; 32 unless said. */
  readonly grid?: number;
}

/**
 * Icons that are made: a shape, filled or hollow (a disc that is hollow is called a ring), small or large, somewhere.
 * Centres and radii are whole steps of the grid, so that icons of a shape and a size differ by where they stand.
 * Their captions are such as "small hollow star left". The same for the same seed.
 */
export function shapeIcons({
  count,
  seed,
  shapes = iconShapes,
  hollow = 0.5,
  grid = 32,
}: ShapeIconOptions): CaptionedIcon[] {
  const random = new Random(seed).fork("icons");
  const one = <T>(values: readonly T[]): T => values[random.integer(values.length)] as T;
  return Array.from({ length: count }, (_, number) => {
    const [shape, size, place] = [one(shapes), one(iconSizes), one(iconPlaces)];
    const isHollow = shape === "ring" || random.uniform() < hollow;
    const radius = Math.round(grid * one(radii[size]));
    const room = (grid - 1) / 2 - radius;
    const centre = places[place].map((side) => {
      return Math.floor(grid / 2) + side * Math.round(OUT * room) + one([-1, 0, 1]);
    });
    const [x = 0, y = 0] = centre;
    const outer = outline(shape, [x, y, radius]);
    const inner = isHollow ? reversed(outline(shape, [x, y, radius * HOLE])) : [];
    const isRing = shape === "ring" || (shape === "disc" && isHollow);
    const name = isRing ? ["ring"] : [...(isHollow ? ["hollow"] : []), shape];
    const icon: Icon = {
      name: `made-${number}`,
      viewBox: [0, 0, grid - 1, grid - 1],
      paths: [[...outer, ...inner]],
    };
    return { icon, captions: [[size, ...name, place]] };
  });
}

/** The outline of a shape around a centre, clockwise and closed. */
function outline(shape: Shape, [x, y, radius]: readonly [number, number, number]): PathCommand[] {
  const around = (corners: number, turn: number, radiusAt: (i: number) => number): PathCommand[] =>
    polygon(
      Array.from({ length: corners }, (_, i) => {
        const angle = 2 * Math.PI * (i / corners + turn);
        return [x + radiusAt(i) * Math.sin(angle), y - radiusAt(i) * Math.cos(angle)] as const;
      }),
    );
  switch (shape) {
    case "triangle":
      return around(3, 0, () => radius);
    case "square":
      return around(4, 1 / 8, () => radius);
    case "diamond":
      return around(4, 0, () => radius);
    case "pentagon":
      return around(5, 0, () => radius);
    case "hexagon":
      return around(6, 0, () => radius);
    case "star":
      return around(10, 0, (i) => (i % 2 === 0 ? radius : 0.42 * radius));
    case "cross":
      return cross([x, y, radius]);
    case "disc":
    case "ring":
      return disc([x, y, radius]);
  }
}

function polygon(corners: readonly (readonly [number, number])[]): PathCommand[] {
  return [
    ...corners.map(([x, y], i): PathCommand => [i === 0 ? "M" : "L", x, y]),
    ["L", ...(corners[0] as readonly [number, number])],
  ];
}

function cross([x, y, radius]: readonly [number, number, number]): PathCommand[] {
  const arm = radius * 0.35;
  const corners = [
    [-arm, -radius],
    [arm, -radius],
    [arm, -arm],
    [radius, -arm],
    [radius, arm],
    [arm, arm],
    [arm, radius],
    [-arm, radius],
    [-arm, arm],
    [-radius, arm],
    [-radius, -arm],
    [-arm, -arm],
  ] as const;
  return polygon(corners.map(([dx, dy]) => [x + dx, y + dy]));
}

/** Four cubic curves that stay within a 3000th of a circle. */
function disc([x, y, radius]: readonly [number, number, number]): PathCommand[] {
  const bend = 0.5523 * radius;
  const sides = [
    [0, -1],
    [1, 0],
    [0, 1],
    [-1, 0],
  ] as const;
  return [
    ["M", x, y - radius],
    ...sides.map(([ax, ay], i): PathCommand => {
      const [bx, by] = sides[(i + 1) % 4] as readonly [number, number];
      return [
        "C",
        x + radius * ax + bend * bx,
        y + radius * ay + bend * by,
        x + radius * bx + bend * ax,
        y + radius * by + bend * ay,
        x + radius * bx,
        y + radius * by,
      ];
    }),
  ];
}

/** The same outline the other way around, so that it makes a hole. */
function reversed(outline: readonly PathCommand[]): PathCommand[] {
  const ends = outline.map(([, ...numbers]) => numbers.slice(-2));
  const back = outline.slice(1).map(([command, ...numbers], i): PathCommand => {
    const [a = 0, b = 0, c = 0, d = 0] = numbers;
    const to = ends[i] as number[];
    return command === "C" ? ["C", c, d, a, b, ...to] : ["L", ...to];
  });
  return [["M", ...(ends.at(-1) as number[])], ...back.reverse()];
}
