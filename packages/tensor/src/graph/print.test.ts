import { expect, test } from "vitest";
import { hostTensor } from "../host.ts";
import { add, mul } from "../ops/arithmetic.ts";
import { gelu } from "../ops/gelu.ts";
import { matmul } from "../ops/linalg.ts";
import { transpose } from "../ops/movement.ts";
import { sum } from "../ops/reduce.ts";
import { makeNode, nondifferentiable, type OpSpec, type Tensor } from "./node.ts";
import { print } from "./print.ts";
import { record } from "./record.ts";
import { constant, input } from "./source.ts";
import { Variable } from "./variable.ts";

test("a graph prints a node a line, inputs first, results last", () => {
  const weight = new Variable([4, 3], { name: "weight" });
  const { graph } = record(
    (x: Tensor) => {
      const hidden = gelu(matmul(x, weight, { transposeB: true, alpha: 0.5 }));
      return { hidden, total: sum(mul(hidden, 2), { axes: 1 }) };
    },
    [{ shape: [2, 3], dtype: "float32" }],
  );
  expect(print(graph)).toBe(
    [
      '%0 = input "0" f32[2,3]',
      '%1 = input "weight" f32[4,3]',
      "%2 = matmul %0 %1 {transposeA: false, transposeB: true, alpha: 0.5} f32[2,4]",
      "%3 = gelu %2 f32[2,4]",
      "%4 = constant {value: 2} f32[]",
      "%5 = mul %3 %4 f32[2,4]",
      "%6 = sum %5 {axes: [1], keepDims: false} f32[2]",
      "return %3 %6",
    ].join("\n"),
  );
});

test("a tensor prints with all it needs; long constants are cut", () => {
  const short = constant(hostTensor([1, 2, 3]));
  const long = constant(hostTensor([1, 2, 3, 4, 5, 6, 7, 8, 9], [3, 3], "int32"));
  expect(print(transpose(long))).toBe(
    [
      "%0 = constant {value: [1,2,3,4,5,6,7,8,...]} i32[3,3]",
      "%1 = transpose %0 {permutation: [1,0]} i32[3,3]",
      "return %1",
    ].join("\n"),
  );
  expect(print(short)).toBe("%0 = constant {value: [1,2,3]} f32[3]\nreturn %0");
});

const pairSpec: OpSpec = {
  name: "pair",
  infer: ([x]) => [x as Tensor, { shape: [], dtype: "int32" }],
  gradient: nondifferentiable("it is a test's"),
  lower: (_, inputs) => inputs,
};

test("several outputs share a line, graphs inside nodes are set in", () => {
  const x = input("x", { shape: [2], dtype: "float32" });
  const body = { inputs: [x], outputs: [add(x, x)] };
  const { outputs } = makeNode(pairSpec, [x], { body, left: undefined });
  expect(print({ inputs: [x], outputs: [outputs[1] as Tensor] })).toBe(
    [
      '%0 = input "x" f32[2]',
      "%1 %2 = pair %0 {body: (",
      '  %0 = input "x" f32[2]',
      "  %1 = add %0 %0 f32[2]",
      "  return %1",
      ")} f32[2] i32[]",
      "return %2",
    ].join("\n"),
  );
});

test("the order is a function of the graph alone, and each node is there once", () => {
  const x = input("x", { shape: [], dtype: "float32" });
  let y = x;
  for (let i = 0; i < 64; i++) y = add(y, y);
  const text = print(y);
  expect(text.split("\n")).toHaveLength(66);
  expect(print(y)).toBe(text);
});
