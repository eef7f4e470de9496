import { expect, test } from "vitest";
import { compile } from "../compile.ts";
import { gradients } from "../grad.ts";
import type { Tensor } from "../graph/node.ts";
import { hostTensor } from "../host.ts";
import { binaries, elementwise, unaries } from "../testing/builders/elementwise.ts";
import { checkReferences, expectClose } from "../testing/references.ts";
import { logSigmoid } from "./activations.ts";
import { add, div, maximum, minimum, mod, mul, pow, sub } from "./arithmetic.ts";
import type { Unary } from "./define.ts";
import { abs, clip, expm1, log1p, neg, round, sign } from "./elementwise.ts";
import { sum } from "./reduce.ts";
import { cast, where } from "./select.ts";

checkReferences(elementwise);

test("log1p and expm1 keep the digits of small values, which 1 + x would lose", async () => {
  const small = [1e-10, -3e-8, 1e-5, 1e-3, 0.3];
  const run = compile((x: Tensor) => [log1p(x), expm1(x)] as const);
  const [logs, powers] = await run(hostTensor(small, [5]));
  const relative = (got: readonly number[], exact: (x: number) => number): number =>
    Math.max(...small.map((x, i) => Math.abs((got[i] as number) / exact(Math.fround(x)) - 1)));
  expect(relative(logs.toArray(), Math.log1p)).toBeLessThan(1e-6);
  expect(relative(powers.toArray(), Math.expm1)).toBeLessThan(1e-6);
});

test("logSigmoid and its slope keep their digits far above 0, where both are small", async () => {
  const far = [2, 6, 11, 17, 40];
  const run = compile((x: Tensor) => {
    const y = logSigmoid(x);
    return [y, ...gradients(sum(y), [x])];
  });
  const [logs, slopes] = (await run(hostTensor(far, [5]))).map((got) => got.toArray());
  far.forEach((x, i) => {
    expect(Math.abs((logs?.[i] as number) / -Math.log1p(Math.exp(-x)) - 1)).toBeLessThan(1e-6);
    expect(Math.abs((slopes?.[i] as number) * (1 + Math.exp(x)) - 1)).toBeLessThan(1e-6);
  });
});

test("infinities pass through log1p and expm1", async () => {
  const run = compile((x: Tensor) => [log1p(x), expm1(x)] as const);
  const [logs, powers] = await run(
    hostTensor([Number.POSITIVE_INFINITY, -1, Number.NEGATIVE_INFINITY], [3]),
  );
  expect(logs.toArray()).toEqual([Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN]);
  expect(powers.toArray().map((x) => Math.round(x * 1e5) / 1e5)).toEqual([
    Number.POSITIVE_INFINITY,
    -0.63212,
    -1,
  ]);
});

test("whole numbers and bytes go through the operations that take numbers", async () => {
  const run = compile((x: Tensor, y: Tensor) => [
    neg(x),
    abs(x),
    sign(x),
    clip(x, { min: 2, max: 3 }),
    add(x, y),
    sub(x, y),
    mul(x, y),
    div(x, y),
    pow(x, y),
    mod(x, y),
    maximum(x, y),
    minimum(x, y),
  ]);
  const bytes = await run(hostTensor([7, 2], [2], "uint8"), hostTensor([2, 3], [2], "uint8"));
  expect(bytes.map((result) => [...result.data])).toEqual([
    [249, 254],
    [7, 2],
    [1, 1],
    [3, 2],
    [9, 5],
    [5, 255],
    [14, 6],
    [3, 0],
    [49, 8],
    [1, 2],
    [7, 3],
    [2, 2],
  ]);
  const longs = await run(hostTensor([-7, 2], [2], "int64"), hostTensor([2, 3], [2], "int64"));
  expect(longs.map((result) => result.toArray())).toEqual([
    [7, -2],
    [7, 2],
    [-1, 1],
    [2, 2],
    [-5, 5],
    [-9, -1],
    [-14, 6],
    [-3, 0],
    [49, 8],
    [1, 2],
    [2, 3],
    [-7, 2],
  ]);
});

test("where chooses between truths, and a number takes the other side's dtype", async () => {
  const run = compile((c: Tensor, a: Tensor, b: Tensor) => [
    where(c, a, b),
    where(c, 7, cast(a, "int32")),
  ]);
  const bool = (values: number[]) => hostTensor(values, [2], "bool");
  const [truths, numbers] = await run(bool([1, 0]), bool([1, 1]), bool([0, 0]));
  expectClose(truths as never, bool([1, 0]), 0);
  expectClose(numbers as never, hostTensor([7, 1], [2], "int32"), 0);
});

test("a constant exponent of 0 gives no slope, even at base 0", async () => {
  const run = compile((x: Tensor) => gradients(pow(x, 0), [x]));
  expect((await run(0))[0]?.item()).toBe(0);
});

test("what is constant between its jumps says that it has no gradient", () => {
  const build = compile((x: Tensor) => gradients(round(x), [x]));
  return expect(build(1)).rejects.toThrow(
    /^round has no gradient: it is constant between its jumps\. \(at elementwise\.test\.ts:\d+\)$/,
  );
});

for (const [name, { spec }] of Object.entries({ ...unaries, ...binaries }).filter(hasValue)) {
  test(`${name}: its value for numbers is the runtime's`, async () => {
    const pairs = [
      [0.5, 0.25],
      [-0.75, 2],
      [0.5, 0.5],
      [0.9, -0.3],
    ].filter(([x]) => (x as number) > 0 || !["log", "sqrt", "pow"].includes(name));
    const inputs = [0, 1].map((i) =>
      operandFor(
        pairs.map((pair) => pair[i] as number),
        name,
      ),
    );
    const apply = { ...unaries, ...binaries }[name as "add"];
    const [got] = await compile((a: Tensor, b: Tensor) => [apply(a, b)] as const)(
      inputs[0]!,
      inputs[1]!,
    );
    const wanted = pairs.map((_, i) => spec.evaluate?.(...inputs.map((x) => Number(x.data[i]))));
    expectClose(got, hostTensor(wanted as number[], [pairs.length], got.dtype), 2e-6);
  });
}

function hasValue(entry: [string, object]): entry is [string, Unary] {
  return "spec" in entry[1];
}

/** The values, as truths where an operation takes nothing else. */
function operandFor(values: number[], name: string) {
  const isLogical = name.startsWith("logical");
  return hostTensor(
    isLogical ? values.map((x) => Number(x > 0.4)) : values,
    [values.length],
    isLogical ? "bool" : "float32",
  );
}
