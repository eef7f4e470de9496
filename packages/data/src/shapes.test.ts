import { expect, test } from "vitest";
import { DataError } from "./errors.ts";
import { shapes } from "./shapes.ts";

/** The picture's brighter part as text. */
function outline(image: Uint8Array, size: number): string[] {
  return Array.from({ length: size }, (_, y) =>
    Array.from(image.subarray(y * size, (y + 1) * size), (v) => (v >= 90 ? "#" : ".")).join(""),
  );
}

test("the first four pictures are the four shapes", () => {
  const data = shapes({ size: 12, count: 4, seed: 3, channels: 1 });
  expect(data.classes).toEqual(["circle", "cross", "square", "triangle"]);
  expect(Array.from(data.labels)).toEqual([0, 1, 2, 3]);
  const pictures = Array.from({ length: 4 }, (_, i) =>
    outline(data.images.subarray(i * 144, (i + 1) * 144), 12),
  );
  const rows = Array.from({ length: 12 }, (_, y) =>
    pictures.map((picture) => picture[y]).join(" "),
  );
  expect(rows).toEqual([
    "............ ............ ............ .......#....",
    "............ ...###...... ....#######. .......#....",
    "............ ...###...... ....#######. ......###...",
    "...##....... ...###...... ....#######. ......###...",
    "..#####..... #########... ....#######. .....#####..",
    ".#######.... #########... ....#######. .....#####..",
    ".#######.... ...###...... ....#######. ............",
    ".#######.... ...###...... ....#######. ............",
    ".#######.... ...###...... ............ ............",
    "..#####..... ............ ............ ............",
    "...###...... ............ ............ ............",
    "............ ............ ............ ............",
  ]);
});

test("a picture depends on the seed and its place only", () => {
  const few = shapes({ size: 10, count: 3, seed: 1 });
  const many = shapes({ size: 10, count: 9, seed: 1 });
  expect(few.channels).toBe(3);
  expect(many.take(3).images).toEqual(few.images);
  expect(shapes({ size: 10, count: 3, seed: 2 }).images).not.toEqual(few.images);
});

test("sizes out of range are named", () => {
  expect(() => shapes({ size: 4, count: 1, seed: 0 })).toThrow(
    new DataError("shapes: size must be a whole number from 8, got 4."),
  );
  expect(() => shapes({ size: 8, count: 0.5, seed: 0 })).toThrow(
    new DataError("shapes: count must be a whole number from 0, got 0.5."),
  );
});
