import { Random } from "@quire/tensor";
import { describe, expect, test } from "vitest";
import { DataError } from "../errors.ts";
import type { GridIcon } from "./grid-icon.ts";
import { gridIcon } from "./grid-icon.ts";
import { ICON_MARKS, IconCoding, type PointScheme } from "./icon-coding.ts";
import { grammarTokens } from "./icon-grammar.ts";
import { iconShapes, shapeIcons } from "./shape-icons.ts";

const point = new IconCoding({ grid: 4, scheme: "point" });
const apart = new IconCoding({ grid: 4, scheme: "coordinates" });

/** Two loops in one path, and a path of its own with a curve. */
const icon: GridIcon = {
  grid: 4,
  paths: [
    [
      { start: [0, 0], segments: [{ to: [3, 0] }, { to: [0, 3] }, { to: [0, 0] }] },
      { start: [1, 1], segments: [{ to: [2, 1] }, { to: [1, 2] }, { to: [1, 1] }] },
    ],
    [
      {
        start: [3, 3],
        segments: [
          {
            controls: [
              [3, 2],
              [2, 3],
            ],
            to: [3, 3],
          },
        ],
      },
    ],
  ],
};

describe("tokens", () => {
  test("are those of the official code: a command, then its points, column + grid · row + 6", () => {
    const at = (x: number, y: number): number => ICON_MARKS + x + 4 * y;
    expect(point.encode(icon)).toEqual([
      ...[3, at(0, 0), at(0, 0), 4, at(3, 0), 4, at(0, 3), 4, at(0, 0)],
      ...[3, at(0, 0), at(1, 1), 4, at(2, 1), 4, at(1, 2), 4, at(1, 1)],
      ...[3, at(3, 3), at(3, 3), 5, at(3, 2), at(2, 3), at(3, 3), 0],
    ]);
    expect(point.size).toBe(22);
  });

  test("of columns and rows apart are two a point", () => {
    expect(
      apart.encode({ grid: 4, paths: [[(icon.paths[1] as GridIcon["paths"][0])[0] as never]] }),
    ).toEqual([3, 9, 13, 9, 13, 5, 9, 12, 8, 13, 9, 13, 0]);
    expect(apart.size).toBe(14);
  });

  test.each([point, apart])("give the icon back, %#", (coding) => {
    expect(coding.read(coding.encode(icon))).toEqual({ icon });
  });

  test.each(["point", "coordinates"] as const)("made icons come back, %s", (scheme) => {
    const coding = new IconCoding({ grid: 32, scheme });
    for (const { icon: made } of shapeIcons({ count: 200, seed: 3 })) {
      const own = gridIcon(made, 32);
      expect(coding.read(coding.encode(own))).toEqual({ icon: own });
    }
  });

  test.each([point, apart])("are moved by steps, unless one leaves the grid, %#", (coding) => {
    const small: GridIcon = {
      grid: 4,
      paths: [[{ start: [0, 1], segments: [{ to: [1, 1] }, { to: [0, 2] }, { to: [0, 1] }] }]],
    };
    const moved = coding.shifted(coding.encode(small), [2, -1]) as number[];
    expect(coding.read(moved).icon.paths[0]?.[0]).toEqual({
      start: [2, 0],
      segments: [{ to: [3, 0] }, { to: [2, 1] }, { to: [2, 0] }],
    });
    expect(coding.shifted(coding.encode(small), [-1, 0])).toBe(undefined);
    expect(coding.shifted(coding.encode(small), [0, 2])).toBe(undefined);
  });
});

describe("what is wrong is said", () => {
  const whole = point.encode(icon);
  const said = (tokens: readonly number[], stroke?: number): string | undefined =>
    point.read(tokens, stroke).problem;

  test.each([
    [whole.slice(0, -1), "the icon has no end"],
    [[6, ...whole], "a point stands where a command belongs"],
    [[3, 6, 4, 6, 0], "a command lacks a point"],
    [[4, 6, 0], "a line begins nowhere"],
    [[3, 6, 6, 4, 7, 4, 11, 0], "an outline is not closed"],
    [[3, 6, 6, 4, 7, 4, 6, 0], "an outline encloses nothing"],
    [[0], "nothing is drawn"],
    [[3, 6, 6, 0], "an outline encloses nothing"],
  ])("%j: %s", (tokens, problem) => expect(said(tokens)).toBe(problem));

  test("lines may be open; all that could be read is there", () => {
    expect(said([3, 6, 6, 4, 7, 0], 1)).toBe(undefined);
    expect(point.read(whole.slice(0, -3)).icon.paths.length).toBe(1);
  });

  test("a grid that is none is refused", () => {
    expect(() => new IconCoding({ grid: 1, scheme: "point" })).toThrow(
      new DataError("the grid must be a whole number from 2 to 1024, got 1."),
    );
  });
});

describe("the grammar", () => {
  const walk = (scheme: PointScheme, seed: number, room: number, isStroked: boolean) => {
    const coding = new IconCoding({ grid: 5, scheme });
    const random = new Random(seed);
    const tokens: number[] = [];
    while (tokens.at(-1) !== 0 || tokens.length === 0) {
      const allowed = grammarTokens(coding, tokens, { room, isStroked });
      tokens.push(allowed[random.integer(allowed.length)] as number);
      if (tokens.length > room) break;
    }
    return { coding, tokens };
  };

  test.each([
    ["point", 24, false],
    ["coordinates", 40, false],
    ["point", 24, true],
  ] as const)(
    "whatever is drawn by it is whole and fits: %s, %i tokens",
    (scheme, room, isStroked) => {
      for (let seed = 0; seed < 300; seed++) {
        const { coding, tokens } = walk(scheme, seed, room, isStroked);
        expect(tokens.length).toBeLessThanOrEqual(room);
        expect(coding.read(tokens, isStroked ? 1 : undefined).problem).toBe(undefined);
      }
    },
  );

  test.each(["point", "coordinates"] as const)("it allows every icon, %s", (scheme) => {
    const coding = new IconCoding({ grid: 32, scheme });
    for (const { icon: made } of shapeIcons({ count: 60, seed: 1 })) {
      const tokens = coding.encode(gridIcon(made, 32));
      for (const [place, token] of tokens.entries()) {
        const allowed = grammarTokens(coding, tokens.slice(0, place), { room: 160 });
        expect(allowed).toContain(token);
      }
    }
  });
});

test("made icons are the same for a seed, and show every shape", () => {
  const made = shapeIcons({ count: 300, seed: 5 });
  expect(shapeIcons({ count: 300, seed: 5 })).toEqual(made);
  const words = new Set(made.flatMap(({ captions }) => captions.flat()));
  expect([...words].sort()).toEqual(
    [...iconShapes, "hollow", "small", "large"]
      .concat(["left", "right", "top", "bottom", "middle"])
      .sort(),
  );
});
