import { afterEach, expect, test, vi } from "vitest";
import { compile } from "./compile.ts";
import { DTypeError, QuireError, ShapeError } from "./errors.ts";
import { gradients } from "./grad.ts";
import type { Tensor } from "./graph/node.ts";
import { Variable } from "./graph/variable.ts";
import { hostTensor } from "./host.ts";
import { add, matmul, mul, sub, sum } from "./ops/index.ts";

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

test("a function is traced once for each kind of arguments, and says so when asked", async () => {
  vi.stubEnv("QUIRE_LOG", "1");
  const lines = vi.spyOn(console, "error").mockReturnValue(undefined);
  const double = compile((x: Tensor) => mul(x, 2), { name: "double" });
  await double(hostTensor([1, 2]));
  await double(hostTensor([3, 4]));
  expect(double.traces).toBe(1);
  expect((await double(hostTensor([1, 2, 3]))).toArray()).toEqual([2, 4, 6]);
  expect(double.traces).toBe(2);
  const said = lines.mock.calls.map(([line]) => String(line));
  expect(said.filter((line) => line.includes("tracing"))).toEqual([
    "quire: tracing double for f32[2], trace 1",
    "quire: tracing double for f32[3], trace 2",
  ]);
});

test("arguments and results keep their form, numbers are scalars", async () => {
  const f = compile((pair: { a: Tensor; list: Tensor[] }, scale: Tensor) => ({
    total: mul(add(pair.a, pair.list[0] as Tensor), scale),
    same: [pair.a, pair.a],
  }));
  const a = hostTensor([1, 2]);
  const { total, same } = await f({ a, list: [hostTensor([10, 20])] }, 3);
  expect(total.toArray()).toEqual([33, 66]);
  expect(same.map((tensor) => tensor.toArray())).toEqual([
    [1, 2],
    [1, 2],
  ]);
});

test("a result stays what it was when the function is called again", async () => {
  const f = compile((x: Tensor) => add(x, 1));
  const first = await f(hostTensor([1]));
  await f(hostTensor([5]));
  expect(first.item()).toBe(2);
});

test("variables are found, fed and kept; calls that overlap run one after the other", async () => {
  const count = new Variable([], { name: "count" });
  const next = compile(() => {
    count.assign(add(count.tensor, 1));
    return { before: sub(count.tensor, 1), after: count.tensor };
  });
  const calls = await Promise.all([next(), next(), next()]);
  expect(calls.map(({ before, after }) => [before.item(), after.item()])).toEqual([
    [0, 1],
    [1, 2],
    [2, 3],
  ]);
  expect((await count.get()).item()).toBe(3);
  await count.set(hostTensor([10], []));
  expect((await next()).after.item()).toBe(11);
});

test("a variable's gradient is taken where the call starts, though it was assigned since", async () => {
  const w = new Variable([1], { name: "w", initial: 3 });
  const step = compile(() => {
    const loss = sum(mul(w.tensor, w.tensor));
    w.assign(add(w.tensor, 100));
    return gradients(loss, [w])[0] as Tensor;
  });
  expect((await step()).toArray()).toEqual([6]);
  expect((await w.get()).toArray()).toEqual([103]);
});

test("a variable is filled at first use, or set before it", async () => {
  const filled = new Variable([2], {
    name: "filled",
    initial: (data) => data.set([7, 8]),
  });
  const preset = new Variable([2], { name: "preset", initial: 1 });
  await preset.set(hostTensor([5, 6]));
  expect([filled.allocated, preset.allocated]).toEqual([false, false]);
  const both = compile(() => add(filled.tensor, preset.tensor));
  expect((await both()).toArray()).toEqual([12, 14]);
  expect([filled.allocated, preset.allocated]).toEqual([true, true]);
});

test("wrong arguments are refused with what to do", async () => {
  const f = compile((x: Tensor) => add(x, 1), { name: "f" });
  await expect(f(new Float32Array(2) as never)).rejects.toEqual(
    new QuireError(
      "argument 0 of f must be a HostTensor or a number, got Float32Array; use hostTensor().",
    ),
  );
  await expect(f({ a: "text" } as never)).rejects.toEqual(
    new QuireError(
      "argument 0 of f.a must be a HostTensor or a number, got string; use hostTensor().",
    ),
  );
});

test("an error says the operation, both sides, the rule and the caller's line", async () => {
  const product = compile((a: Tensor, b: Tensor) => matmul(a, b));
  const shape = product(
    hostTensor(new Float32Array(32), [4, 8]),
    hostTensor(new Float32Array(24), [3, 8]),
  );
  await expect(shape).rejects.toThrow(ShapeError);
  await expect(shape).rejects.toThrow(
    /^matmul: inner sizes differ: a f32\[4,8\] has 8, b f32\[3,8\] has 3\. Did you mean transpose\(b\)\? \(at compile\.test\.ts:\d+\)$/,
  );
  const mixed = compile((a: Tensor, b: Tensor) => add(a, b));
  const dtype = mixed(hostTensor([1]), hostTensor([1], [1], "int32"));
  await expect(dtype).rejects.toThrow(DTypeError);
  await expect(dtype).rejects.toThrow(
    /^add: dtypes differ: a f32\[1\], b i32\[1\]; convert one with cast\. \(at compile\.test\.ts:\d+\)$/,
  );
});

test("preparing traces and loads, but runs nothing and allocates no variable", async () => {
  const count = new Variable([], { name: "count" });
  const next = compile((by: Tensor) => {
    count.assign(add(count.tensor, by));
    return count.tensor;
  });
  await next.prepare(1);
  expect([next.traces, count.allocated]).toEqual([1, false]);
  expect((await next(2)).item()).toBe(2);
  expect(next.traces).toBe(1);
});

test("a failed trace leaves nothing behind: the next call traces again", async () => {
  let broken = true;
  const f = compile((x: Tensor) => {
    if (broken) throw new QuireError("not yet");
    return add(x, 1);
  });
  await expect(f(hostTensor([1]))).rejects.toThrow(/^not yet$/);
  broken = false;
  expect((await f(hostTensor([1]))).toArray()).toEqual([2]);
});

test("tensors without elements are computed with", async () => {
  const f = compile((x: Tensor) => ({ doubled: mul(x, 2), total: sum(x) }));
  const { doubled, total } = await f(hostTensor(new Float32Array(0), [0, 3]));
  expect(doubled.shape).toEqual([0, 3]);
  expect(total.item()).toBe(0);
});
