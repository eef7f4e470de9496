import { expect, test } from "vitest";
import { DataError } from "./errors.ts";
import { groupSplit, randomSplit, type Split, stratifiedSplit, timeSplit } from "./split.ts";

const parts = ({ train, validation, test: held }: Split) => [train, validation, held];

/** Every place is in exactly one part, and parts are in order. */
function expectPartition(split: Split, size: number): void {
  const all = parts(split).flatMap((part) => [...part]);
  expect(all.sort((a, b) => a - b)).toEqual(Array.from({ length: size }, (_, place) => place));
  for (const part of parts(split)) expect(part).toEqual(part.slice().sort());
}

const shares = { test: 0.2, validation: 0.1, seed: 3 };

test("a random split has the sizes asked for and follows its seed", () => {
  const split = randomSplit(1000, shares);
  expectPartition(split, 1000);
  expect(parts(split).map((part) => part.length)).toEqual([700, 100, 200]);
  expect(randomSplit(1000, shares)).toEqual(split);
  expect(randomSplit(1000, { ...shares, seed: 4 }).test).not.toEqual(split.test);
  expect(randomSplit(10, { test: 0.3, seed: 1 }).validation).toEqual(new Int32Array());
});

test("a split by time lets no part reach into another's time, whatever the order of rows", () => {
  const times = Array.from({ length: 300 }, (_, i) => ((i * 7919) % 300) >> 2);
  const split = timeSplit(times, shares);
  expectPartition(split, 300);
  const [train, validation, held] = parts(split).map((part) =>
    [...part].map((i) => times[i] as number),
  );
  expect(Math.max(...(train ?? []))).toBeLessThan(Math.min(...(validation ?? [])));
  expect(Math.max(...(validation ?? []))).toBeLessThan(Math.min(...(held ?? [])));
  expect([train, validation, held].map((part) => part?.length)).toEqual([208, 32, 60]);
});

test("a split by group has no group on two sides", () => {
  const groups = Array.from({ length: 500 }, (_, i) => `patient ${(i * i) % 37}`);
  const split = groupSplit(groups, shares);
  expectPartition(split, 500);
  const sides = parts(split).map((part) => new Set([...part].map((i) => groups[i])));
  const together = new Set(sides.flatMap((side) => [...side]));
  expect(sides.map((side) => side.size).reduce((sum, size) => sum + size, 0)).toBe(together.size);
  expect(sides.every((side) => side.size > 0)).toBe(true);
});

test("a stratified split keeps the proportion of every class", () => {
  const labels = Array.from({ length: 1000 }, (_, i) => (i % 10 === 0 ? 1 : 0));
  const split = stratifiedSplit(labels, ["many", "few"], shares);
  expectPartition(split, 1000);
  const few = parts(split).map((part) => part.filter((i) => labels[i] === 1).length);
  expect(few).toEqual([70, 10, 20]);
  expect(parts(split).map((part) => part.length)).toEqual([700, 100, 200]);
});

const refusals: readonly (readonly [() => Split, string])[] = [
  [
    () => randomSplit(10, { test: 1, seed: 1 }),
    "split: the share for testing must be between 0 and 1, got 1.",
  ],
  [
    () => randomSplit(10, { test: 0.5, validation: 0.5, seed: 1 }),
    "split: the share for validation must be from 0 to less than 0.5, got 0.5.",
  ],
  [
    () => randomSplit(1, { test: 0.2, seed: 1 }),
    "split: of 1 row none would be for testing: add data or change the shares.",
  ],
  [
    () => timeSplit([5, 5, 5, 5], { test: 0.25 }),
    "split: of 4 rows by time none would be for training: add data or change the shares.",
  ],
  [
    () => timeSplit([5, Number.NaN], { test: 0.5 }),
    "split: the time of row 1 is missing: fill it in or leave it out.",
  ],
  [
    () => groupSplit(["a", "a", "a"], { test: 0.2, seed: 1 }),
    "split: of 1 group none would be for training: add data or change the shares.",
  ],
  [
    () => groupSplit(["a", "b", "b"], { test: 0.2, validation: 0.2, seed: 1 }),
    "split: of 2 groups none would be for training: add data or change the shares.",
  ],
  [
    () => stratifiedSplit([0, 0, 1], ["cat", "dog"], { test: 0.2, seed: 1 }),
    'split: class "dog" has 1 row, and a split into 2 parts needs at least 2 of every class: add some or leave the class out.',
  ],
];

test.each(refusals)("refuses split %#", (split, message) => {
  expect(split).toThrow(new DataError(message));
});
