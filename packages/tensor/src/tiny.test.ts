import { expect, test } from "vitest";
import {
  add,
  compile,
  emit,
  gradients,
  hostTensor,
  matmul,
  mul,
  print,
  record,
  sub,
  sum,
  type Tensor,
  Variable,
} from "./index.ts";

// The engine in one file: build a graph, read it, differentiate it, write it as ONNX, run it, train with it.

test("operations build a graph, which prints", () => {
  const { graph } = record((x: Tensor) => mul(add(x, 1), x), [{ shape: [2], dtype: "float32" }]);
  expect(print(graph)).toBe(
    [
      '%0 = input "0" f32[2]',
      "%1 = constant {value: 1} f32[]",
      "%2 = add %0 %1 f32[2]",
      "%3 = mul %2 %0 f32[2]",
      "return %3",
    ].join("\n"),
  );
});

test("a gradient is a graph like any other: it runs, and is differentiated again", async () => {
  const cube = (x: Tensor): Tensor => sum(mul(mul(x, x), x));
  const slopes = compile((x: Tensor) => {
    const [first] = gradients(cube(x), [x]) as [Tensor];
    const [second] = gradients(sum(first), [x]) as [Tensor];
    return { first, second };
  });
  const { first, second } = await slopes(hostTensor([1, 2, -3]));
  expect(first.toArray()).toEqual([3, 12, 27]);
  expect(second.toArray()).toEqual([6, 12, -18]);
});

test("a graph is written as ONNX, the same bytes each time", () => {
  const bytes = (): Uint8Array => {
    const { graph } = record((x: Tensor) => add(x, 1), [{ shape: [2], dtype: "float32" }]);
    return emit(graph, { inputs: ["x"], outputs: ["y"] });
  };
  expect(bytes()).toEqual(bytes());
  expect(new TextDecoder().decode(bytes())).toContain("Add");
});

test("a linear model is trained: forward, backward and update in one call", async () => {
  const weight = new Variable([1, 2], { name: "weight" });
  const step = compile((x: Tensor, y: Tensor) => {
    const error = sub(matmul(x, weight, { transposeB: true }), y);
    const loss = sum(mul(error, error));
    const [gradient] = gradients(loss, [weight]) as [Tensor];
    weight.assign(sub(weight.tensor, mul(gradient, 0.005)));
    return { loss };
  });
  const x = hostTensor([1, 2, 3, 4, 5, 7], [3, 2]);
  const y = hostTensor([5, 11, 19], [3, 1]);
  let loss = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 2000; i++) loss = (await step(x, y)).loss.item();
  expect(loss).toBeLessThan(1e-4);
  const [first, second] = (await weight.get()).toArray() as [number, number];
  expect(first).toBeCloseTo(1, 1);
  expect(second).toBeCloseTo(2, 1);
});
