import { expect, test } from "vitest";
import { compile } from "../compile.ts";
import { hostTensor } from "../host.ts";
import { add } from "../ops/arithmetic.ts";
import { cast } from "../ops/select.ts";
import type { Tensor } from "./node.ts";
import { record } from "./record.ts";
import { Variable } from "./variable.ts";

test("outside of a trace a variable is not read or assigned, but got and set", async () => {
  const weight = new Variable([2], { name: "weight" });
  expect(() => weight.tensor).toThrow(
    /^cannot read variable weight outside of a compiled function\. \(at variable\.test\.ts:\d+\)$/,
  );
  expect(() => new Variable([2]).tensor).toThrow(
    /^cannot read variable f32\[2\] outside of a compiled function\. \(at variable\.test\.ts:\d+\)$/,
  );
  const [value] = record(() => add(new Variable([2]), 1), []).graph.outputs;
  expect(() => weight.assign(value as Tensor)).toThrow(
    /^cannot assign variable weight outside of a compiled function\. \(at variable\.test\.ts:\d+\)$/,
  );
  await weight.set(hostTensor([1, 2]));
  expect((await weight.get()).toArray()).toEqual([1, 2]);
});

test("a value of another type is neither assigned nor set", async () => {
  const weight = new Variable([2], { name: "weight" });
  const assign = (change: (x: Tensor) => Tensor) => () =>
    record((x: Tensor) => weight.assign(change(x)), [{ shape: [3], dtype: "float32" }]);
  expect(assign((x) => x)).toThrow(
    /^assign: variable weight is f32\[2\], the value is f32\[3\]\. \(at variable\.test\.ts:\d+\)$/,
  );
  expect(assign(() => cast(weight, "int32"))).toThrow(
    /^assign: variable weight is f32\[2\], the value is i32\[2\]\. \(at variable\.test\.ts:\d+\)$/,
  );
  await expect(weight.set(hostTensor([1, 2, 3]))).rejects.toThrow(
    /^variable weight is f32\[2\], the value to set is f32\[3\]\.$/,
  );
});

test("memory is allocated at first use, filled by the initializer with the variable's own draws", async () => {
  const make = (name: string) =>
    new Variable([4], {
      name,
      initial: (data, _, random) => {
        for (let i = 0; i < data.length; i++) data[i] = random.uniform();
      },
    });
  const [first, again, other] = [make("a"), make("a"), make("b")];
  expect(first.allocated).toBe(false);
  const values = (await first.get()).toArray();
  expect(first.allocated).toBe(false);
  expect((await again.get()).toArray()).toEqual(values);
  expect((await other.get()).toArray()).not.toEqual(values);
  const run = compile(() => add(first, 0));
  expect((await run()).toArray()).toEqual(values);
  expect(first.allocated).toBe(true);
});

test("a variable starts as zeros, or as its constant in its dtype", async () => {
  const initials = [
    new Variable([2]),
    new Variable([2], { initial: 0.5 }),
    new Variable([], { initial: 3, dtype: "int64" }),
    new Variable([1], { initial: 1, dtype: "bool" }),
  ];
  const values = await Promise.all(initials.map((variable) => variable.get()));
  expect(values).toEqual([
    hostTensor([0, 0]),
    hostTensor([0.5, 0.5]),
    hostTensor([3], [], "int64"),
    hostTensor([1], [1], "bool"),
  ]);
});

test("an initializer fills float32 only", () => {
  const fill = (data: Float32Array) => void data.fill(1);
  expect(() => new Variable([2], { name: "ids", dtype: "int32", initial: fill })).toThrow(
    /^Variable ids: an initializer fills float32, not int32\.$/,
  );
});

test("what a call assigns is there after it, and a copy that was got does not change", async () => {
  const count = new Variable([], { name: "count" });
  const step = compile(() => {
    count.assign(add(count, 1));
    return count.tensor;
  });
  const before = await count.get();
  expect((await step()).item()).toBe(1);
  expect((await step()).item()).toBe(2);
  expect((await count.get()).item()).toBe(2);
  expect(before.item()).toBe(0);
  await count.set(hostTensor(10));
  expect((await step()).item()).toBe(11);
});
