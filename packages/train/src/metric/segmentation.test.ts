import { Random } from "@quire/tensor";
import { describe, expect, test } from "vitest";
import { borderDistance, Overlap } from "./segmentation.ts";

test("overlaps are counted class by class, over all that was added", () => {
  const overlap = new Overlap(4);
  overlap.add([0, 1, 1, 2], [0, 1, 2, 2]);
  overlap.add([1, 1], [1, 0]);
  expect([0, 1, 2].map((label) => overlap.dice(label))).toEqual([2 / 3, 4 / 6, 2 / 3]);
  expect([0, 1, 2].map((label) => overlap.iou(label))).toEqual([1 / 2, 2 / 4, 1 / 2]);
  expect([overlap.dice(3), overlap.iou(3)]).toEqual([Number.NaN, Number.NaN]);
});

describe("the distance of borders", () => {
  test("is that of the places furthest from the other shape, in units of space", () => {
    const size = [5, 6];
    const one = Uint8Array.from({ length: 30 }, (_, i) => Number(i === 0));
    const other = Uint8Array.from({ length: 30 }, (_, i) => Number(i === 3 * 6 + 4));
    expect(borderDistance(one, other, { size })).toBe(5);
    expect(borderDistance(one, other, { size, spacing: [4, 1] })).toBeCloseTo(Math.hypot(12, 4), 9);
    expect(borderDistance(one, new Uint8Array(30), { size })).toBeNaN();
  });

  test.each([
    ["in a plane", [9, 7], [1, 2]],
    ["in a volume", [4, 5, 6], [2, 1, 0.5]],
  ])("is what all pairs give, %s", (_, size, spacing) => {
    const random = new Random(3);
    const all = size.reduce((product, length) => product * length, 1);
    for (let round = 0; round < 5; round++) {
      const drawn = (): boolean[] => Array.from({ length: all }, () => random.uniform() < 0.3);
      const [one, other] = [drawn(), drawn()];
      for (const share of [1, 0.95, 0.5]) {
        const got = borderDistance(one, other, { size, spacing, share });
        expect(got).toBeCloseTo(byPairs(one, other, { size, spacing, share }), 9);
      }
    }
  });
});

interface Given {
  readonly size: readonly number[];
  readonly spacing: readonly number[];
  readonly share: number;
}

function byPairs(one: readonly boolean[], other: readonly boolean[], given: Given): number {
  const { size, spacing, share } = given;
  const placeOf = (index: number): number[] => {
    let rest = index;
    return [...size]
      .reverse()
      .map((length) => {
        const at = rest % length;
        rest = Math.floor(rest / length);
        return at;
      })
      .reverse();
  };
  const indexOf = (place: readonly number[]): number =>
    place.reduce((index, at, axis) => index * (size[axis] as number) + at, 0);
  const borders = (shape: readonly boolean[]): number[][] =>
    shape.flatMap((is, index) => {
      const place = placeOf(index);
      const hasInside = place.every((at, axis) =>
        [-1, 1].every((step) => {
          const next = place.with(axis, at + step);
          const inside = at + step >= 0 && at + step < (size[axis] as number);
          return inside && shape[indexOf(next)];
        }),
      );
      return is && !hasInside ? [place] : [];
    });
  const [ones, others] = [borders(one), borders(other)];
  const reach = (from: number[][], to: number[][]): number => {
    const distances = from
      .map((place) =>
        Math.min(
          ...to.map((target) =>
            Math.hypot(
              ...target.map(
                (at, axis) => (spacing[axis] as number) * (at - (place[axis] as number)),
              ),
            ),
          ),
        ),
      )
      .sort((a, b) => a - b);
    return distances[Math.ceil(share * distances.length) - 1] as number;
  };
  return Math.max(reach(ones, others), reach(others, ones));
}
