import { expect, test } from "vitest";
import { add, mul } from "../ops/arithmetic.ts";
import { sum } from "../ops/reduce.ts";
import type { Tensor } from "./node.ts";
import { print } from "./print.ts";
import { record } from "./record.ts";
import type { Tree } from "./tree.ts";
import { Variable } from "./variable.ts";

const vector = { shape: [2], dtype: "float32" } as const;

test("arguments, variables read, results and variables written are kept in order", () => {
  const weight = new Variable([2], { name: "weight" });
  const count = new Variable([], { name: "count" });
  const recording = record(
    ({ x, y }: { x: Tensor; y: Tensor }) => {
      const product = mul(x, weight);
      weight.assign(add(weight, y));
      count.assign(add(count, 1));
      return { product, after: weight.tensor, list: [y] };
    },
    [{ x: vector, y: vector }],
  );
  expect(print(recording.graph)).toBe(
    [
      '%0 = input "x" f32[2]',
      '%1 = input "y" f32[2]',
      '%2 = input "weight" f32[2]',
      '%3 = input "count" f32[]',
      "%4 = mul %0 %2 f32[2]",
      "%5 = add %2 %1 f32[2]",
      "%6 = constant {value: 1} f32[]",
      "%7 = add %3 %6 f32[]",
      "return %4 %5 %1 %5 %7",
    ].join("\n"),
  );
  expect(recording.argumentNames).toEqual(["x", "y"]);
  expect(recording.resultNames).toEqual(["product", "after", "list.0"]);
  expect(recording.reads).toEqual([weight, count]);
  expect(recording.writes).toEqual([weight, count]);
});

test("a variable is read as it was last assigned", () => {
  const state = new Variable([], { name: "state" });
  const { graph } = record(() => {
    state.assign(add(state, 1));
    state.assign(mul(state, 3));
    return state.tensor;
  }, []);
  expect(print(graph)).toBe(
    [
      '%0 = input "state" f32[]',
      "%1 = constant {value: 1} f32[]",
      "%2 = add %0 %1 f32[]",
      "%3 = constant {value: 3} f32[]",
      "%4 = mul %2 %3 f32[]",
      "return %4 %4",
    ].join("\n"),
  );
});

test("a function that returns nothing gives no results", () => {
  expect(record((x: Tensor) => void sum(x), [vector]).graph.outputs).toEqual([]);
});

test.each<[what: string, returned: unknown]>([
  ["a number", 3],
  ["a string", "loss"],
  ["undefined", [undefined]],
  ["null", { loss: null }],
  ["a promise", Promise.resolve()],
  ["a function", [() => 1]],
])("a function that returns %s is refused", (what, returned) => {
  expect(() => record(() => returned as Tree<Tensor>, [])).toThrow(
    new RegExp(
      `^a traced function must return tensors, in arrays or records if you like; it returned ${what}\\. \\(at `,
    ),
  );
});
