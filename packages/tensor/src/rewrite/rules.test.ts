import { expect, test } from "vitest";
import { compile } from "../compile.ts";
import { gradients } from "../grad.ts";
import type { Graph } from "../graph/graph.ts";
import type { Tensor } from "../graph/node.ts";
import { print } from "../graph/print.ts";
import { record } from "../graph/record.ts";
import { hostTensor } from "../host.ts";
import { emit } from "../onnx/emit.ts";
import {
  add,
  div,
  exp,
  expand,
  full,
  matmul,
  mul,
  neg,
  pow,
  reshape,
  stopGradient,
  sub,
  sum,
  transpose,
} from "../ops/index.ts";
import { Random } from "../random/random.ts";
import { nodeRuntime } from "../run/node.ts";
import { sizeOf, type TensorType } from "../shape.ts";
import { optimize } from "./index.ts";

type Build = (...x: Tensor[]) => Tensor;

function float(...shape: number[]): TensorType {
  return { shape, dtype: "float32" };
}

function traced(build: Build, types: readonly TensorType[]): Graph {
  return record(build as (...args: readonly Tensor[]) => Tensor, types).graph;
}

/** Runs a graph as it stands, without rewriting it. */
async function valuesOf(graph: Graph, types: readonly TensorType[]): Promise<Float32Array> {
  const random = new Random(3);
  const inputs = graph.inputs.map((_, i) => `in_${i}`);
  const session = await nodeRuntime.load(emit(graph, { inputs, outputs: ["out"] }), {
    inputs,
    outputs: ["out"],
  });
  const fed = types.map((type) => {
    const data = new Float32Array(sizeOf(type.shape)).map(() => random.normal());
    return nodeRuntime.allocate(type, data);
  });
  const output = nodeRuntime.allocate(graph.outputs[0] as Tensor);
  await session.run(fed, [output]);
  await session.release();
  return (await output.read()) as Float32Array;
}

const cases: readonly [rule: string, types: TensorType[], build: Build, wanted: string[]][] = [
  ["f(c, ...) -> value", [float(2)], (x) => add(x, mul(exp(full([], 0)), 3)), ["add %0 %1"]],
  [
    "f(x, expand(y)) -> f(x, y)",
    [float(2, 3), float(3)],
    (x, y) => add(x, expand(y, [2, 3])),
    ["add %0 %1"],
  ],
  ["x + 0 -> x", [float(2)], (x) => exp(add(x, 0)), ["exp %0"]],
  ["x - 0 -> x", [float(2)], (x) => exp(sub(x, 0)), ["exp %0"]],
  ["0 - x -> -x", [float(2)], (x) => sub(0, x), ["neg %0"]],
  ["x + (-y) -> x - y", [float(2), float(2)], (x, y) => add(x, neg(y)), ["sub %0 %1"]],
  ["(-x) + y -> y - x", [float(2), float(2)], (x, y) => add(neg(x), y), ["sub %1 %0"]],
  ["x - (-y) -> x + y", [float(2), float(2)], (x, y) => sub(x, neg(y)), ["add %0 %1"]],
  ["x * 1 -> x", [float(2)], (x) => exp(mul(x, 1)), ["exp %0"]],
  ["x * 0 -> 0", [float(2), float(2)], (x, y) => add(mul(x, 0), exp(y)), ["exp %1"]],
  ["x * -1 -> -x", [float(2)], (x) => mul(x, -1), ["neg %0"]],
  ["x / 1 -> x", [float(2)], (x) => exp(div(x, 1)), ["exp %0"]],
  ["x / c -> x * (1/c)", [float(2)], (x) => div(x, 4), ["mul %0 %1"]],
  ["(x * c) * d -> x * (c d)", [float(2)], (x) => mul(mul(x, 2), 3), ["mul %0 %1"]],
  ["-(-x) -> x", [float(2)], (x) => exp(neg(neg(x))), ["exp %0"]],
  [
    "(x * c) * y where y is smaller",
    [float(4, 3), float(3)],
    (x, y) => mul(mul(x, 2), y),
    ["mul %1 %2", "mul %0 %3"],
  ],
  ["x^2 -> x x", [float(2)], (x) => pow(x, 2), ["mul %0 %0"]],
  ["stopGradient(x) -> x", [float(2)], (x) => exp(stopGradient(x)), ["exp %0"]],
  [
    "reshape(reshape(x)) -> reshape(x)",
    [float(2, 6)],
    (x) => reshape(reshape(x, [3, 4]), [12]),
    ["reshape %0 {shape: [12]}"],
  ],
  [
    "transpose(transpose(x)) -> transpose(x)",
    [float(2, 3, 4)],
    (x) => transpose(transpose(x, [1, 2, 0]), [1, 2, 0]),
    ["transpose %0 {permutation: [2,0,1]}"],
  ],
  [
    "transpose of axes of size 1 -> reshape",
    [float(2, 1, 4)],
    (x) => transpose(x, [1, 0, 2]),
    ["reshape %0 {shape: [1,2,4]}"],
  ],
  [
    "move(x) * c -> move(x * c)",
    [float(2, 3), float(3, 2)],
    (x, y) => mul(transpose(matmul(x, y)), 2),
    [
      "matmul %0 %1 {transposeA: false, transposeB: false, alpha: 2}",
      "transpose %2 {permutation: [1,0]}",
    ],
  ],
  [
    "sum(x * c) -> sum(x) * c",
    [float(2, 3)],
    (x) => sum(mul(x, 2), { axes: 0 }),
    ["sum %0 {axes: [0], keepDims: false}", "mul %1 %2"],
  ],
  [
    "sum over axes of size 1 -> reshape",
    [float(1, 3)],
    (x) => sum(x, { axes: 0 }),
    ["reshape %0 {shape: [3]}"],
  ],
  [
    "aᵀ bᵀ",
    [float(3, 2), float(4, 3)],
    (a, b) => matmul(transpose(a), transpose(b)),
    ["matmul %0 %1 {transposeA: true, transposeB: true, alpha: 1}"],
  ],
  [
    "factors of both sides and of the product",
    [float(2, 3), float(3, 4)],
    (a, b) => mul(matmul(mul(a, 2), neg(b)), 0.5),
    ["matmul %0 %1 {transposeA: false, transposeB: false, alpha: -1}"],
  ],
  [
    "(a b + x) * c -> a b * c + x * c where x is smaller",
    [float(2, 3), float(3, 4), float(4)],
    (a, b, x) => mul(add(reshape(matmul(a, b), [2, 1, 4]), x), 0.5),
    [
      "matmul %0 %1 {transposeA: false, transposeB: false, alpha: 0.5}",
      "reshape %3 {shape: [2,1,4]}",
      "mul %2 %5",
      "add %4 %6",
    ],
  ],
  [
    "a factor of a product's operand, through a reshape",
    [float(2, 6), float(4, 2)],
    (a, b) => matmul(reshape(mul(a, 2), [3, 4]), b),
    ["reshape %0 {shape: [3,4]}", "matmul %2 %1 {transposeA: false, transposeB: false, alpha: 2}"],
  ],
  [
    "a vector keeps its factor",
    [float(2, 4), float(4)],
    (a, x) => matmul(a, reshape(mul(x, 2), [4, 1])),
    [
      "mul %1 %2",
      "reshape %3 {shape: [4,1]}",
      "matmul %0 %4 {transposeA: false, transposeB: false, alpha: 1}",
    ],
  ],
  ["equal nodes are one", [float(2)], (x) => add(exp(x), exp(x)), ["exp %0", "add %1 %1"]],
  [
    "a factor of a product that is used twice stays outside",
    [float(2, 2), float(2, 2)],
    (a, b) => add(matmul(a, b), mul(exp(matmul(a, b)), 2)),
    [
      "matmul %0 %1 {transposeA: false, transposeB: false, alpha: 1}",
      "exp %2",
      "mul %3 %4",
      "add %2 %5",
    ],
  ],
];

test.each(cases)("%s", async (_, types, build, wanted) => {
  const before = traced(build, types);
  const after = optimize(before);
  const lines = print(after)
    .split("\n")
    .filter((line) => !/ = (input|constant) /.test(line) && !line.startsWith("return"))
    .map((line) => line.replace(/^%\d+ = /, "").replace(/ f32\[[\d,]*\]$/, ""));
  expect(lines).toEqual(wanted);
  const [plain, rewritten] = [await valuesOf(before, types), await valuesOf(after, types)];
  expect(rewritten.length).toBe(plain.length);
  rewritten.forEach((value, i) => {
    expect(Math.abs(value - (plain[i] as number))).toBeLessThanOrEqual(
      1e-5 * Math.max(1, Math.abs(plain[i] as number)),
    );
  });
});

test("what a rewritten graph computes is differentiated as before", async () => {
  const build = (a: Tensor, b: Tensor, c: Tensor): Tensor => {
    const y = add(matmul(mul(a, 2), transpose(b)), c);
    return gradients(sum(mul(y, y)), [b])[0] as Tensor;
  };
  const types = [float(4, 3), float(5, 3), float(5)];
  const before = traced(build as Build, types);
  const [plain, rewritten] = [
    await valuesOf(before, types),
    await valuesOf(optimize(before), types),
  ];
  plain.forEach((value, i) => {
    expect(rewritten[i]).toBeCloseTo(value, 3);
  });
});

test("the same graph gives the same bytes", () => {
  const types = [float(4, 3), float(3)];
  const bytes = (): Uint8Array =>
    emit(optimize(traced((x, y) => sum(mul(add(x, y), 3)), types)), {
      inputs: ["x", "y"],
      outputs: ["z"],
    });
  expect(bytes()).toEqual(bytes());
});

test("a compiled function agrees with the plain graph on a larger example", async () => {
  const f = compile((x: Tensor) => sum(mul(div(x, 4), sub(0, neg(x)))));
  const data = [1, -2, 3];
  expect((await f(hostTensor(data))).item()).toBeCloseTo(14 / 4, 6);
});
