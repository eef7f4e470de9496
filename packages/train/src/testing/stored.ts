import { readFileSync } from "node:fs";
import { expect } from "vitest";

/** The numbers that other software left for a family of tests. */
export function stored<T>(family: string): T {
  const path = new URL(`../../../tensor/references/${family}.json`, import.meta.url);
  return JSON.parse(readFileSync(path, "utf8")) as T;
}

/** Compares lists of numbers, element by element, absolute or relative to the wanted value. */
export function expectNear(
  got: readonly number[],
  wanted: readonly number[],
  tolerance: number,
  what = "values",
): void {
  expect(got.length, `${what}: count`).toBe(wanted.length);
  const off = wanted.flatMap((value, i) => {
    const other = got[i] as number;
    const isClose = Math.abs(other - value) <= tolerance * Math.max(1, Math.abs(value));
    return isClose ? [] : [{ at: i, got: other, wanted: value }];
  });
  expect(off.slice(0, 5), `${what}: ${off.length} of ${wanted.length} differ`).toEqual([]);
}
