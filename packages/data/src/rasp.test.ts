import { expect, test } from "vitest";
import { type RaspTask, rasp, raspForm, raspTasks } from "./rasp.ts";

/** Labels of each task for one sequence, worked out by hand. */
function labelsOf(task: RaspTask, tokens: string): string | undefined {
  const length = tokens.split(" ").length + (raspForm(task).ends ? 2 : 1);
  for (let seed = 0; seed < 40; seed++) {
    const drawn = rasp(task, { vocabulary: 6, length, count: 4000, seed });
    const found = drawn.find((each) => each.tokens.join(" ") === tokens);
    if (found) return found.labels.join(" ");
  }
  return undefined;
}

test.each([
  ["reverse", "2 0 1 1", "1 1 0 2"],
  ["hist", "2 0 1 1", "1 1 2 2"],
  ["double-hist", "2 0 1 1", "2 2 1 1"],
  ["sort", "2 0 1 1", "0 1 1 2"],
  ["most-freq", "2 0 1 1", "1 2 0 -"],
  ["dyck-1", "( ( ) ) )", "P P P T F"],
  ["dyck-1", "( ) ( ) (", "P T P T P"],
  ["dyck-2", "{ ( ) } (", "P P P T P"],
  ["dyck-2", "{ ( } ) (", "P P F F F"],
] as const)("%s: %s is %s", (task, tokens, labels) => {
  expect(labelsOf(task, tokens)).toBe(labels);
});

test("sequences differ, come again with the seed, and have the tokens and lengths asked for", () => {
  for (const task of raspTasks) {
    const options = { vocabulary: 8, length: 8, count: 300, seed: 3 };
    const drawn = rasp(task, options);
    expect(drawn.length, task).toBeGreaterThan(task === "dyck-1" ? 100 : 299);
    expect(new Set(drawn.map(({ tokens }) => tokens.join(" "))).size).toBe(drawn.length);
    expect(rasp(task, options)).toEqual(drawn);
    expect(rasp(task, { ...options, seed: 4 })).not.toEqual(drawn);
    const { ends } = raspForm(task);
    const longest = Math.max(...drawn.map(({ tokens }) => tokens.length));
    expect(longest, task).toBe(ends ? 6 : 7);
    const symbols = new Set(drawn.flatMap(({ tokens }) => tokens)).size;
    const digits = ends ? 5 : 6;
    const kinds: Readonly<Record<string, number>> = { "dyck-1": 2, "dyck-2": 4 };
    expect(symbols, task).toBe(kinds[task] ?? digits);
    expect(drawn.every(({ tokens, labels }) => tokens.length === labels.length)).toBe(true);
  }
});

test("brackets: all three states are drawn, and of half of the draws no bracket is wrong", () => {
  const drawn = rasp("dyck-2", { count: 2000, seed: 1 });
  const share = (holds: (labels: readonly string[]) => boolean): number =>
    drawn.filter(({ labels }) => holds(labels)).length / drawn.length;
  expect(share((labels) => labels.includes("T"))).toBeGreaterThan(0.3);
  expect(share((labels) => !labels.includes("F"))).toBeGreaterThan(0.4);
  expect(share((labels) => !labels.includes("F"))).toBeLessThan(0.6);
  expect(share((labels) => labels[0] === "F")).toBeGreaterThan(0.2);
});

test("there are as many sequences as there are different ones", () => {
  expect(rasp("sort", { vocabulary: 5, length: 4, count: 1000, seed: 0 }).length).toBe(6);
});

test("too few tokens or places are refused", () => {
  expect(() => rasp("sort", { vocabulary: 3, count: 10, seed: 0 })).toThrow(
    /^rasp: the vocabulary must be at least 4, got 3\.$/,
  );
  expect(() => rasp("hist", { length: 1, count: 10, seed: 0 })).toThrow(
    /^rasp: the length must be at least 2, got 1\.$/,
  );
  expect(() => rasp("dyck-1", { length: 2, count: 10, seed: 0 })).toThrow(
    /^rasp: the length must be at least 3, got 2\.$/,
  );
});
