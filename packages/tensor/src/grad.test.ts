import { expect, test } from "vitest";
import { compile } from "./compile.ts";
import { gradients, pullback } from "./grad.ts";
import { makeTensor, type OpSpec, type Tensor } from "./graph/node.ts";
import { record } from "./graph/record.ts";
import { input } from "./graph/source.ts";
import { Variable } from "./graph/variable.ts";
import { hostTensor } from "./host.ts";
import { add, mul, sub } from "./ops/arithmetic.ts";
import { exp, floor } from "./ops/elementwise.ts";
import { geluTanh } from "./ops/gelu.ts";
import { sum } from "./ops/reduce.ts";
import { cast, stopGradient } from "./ops/select.ts";

const gradient = (of: Tensor, by: Tensor): Tensor => gradients(of, [by])[0] as Tensor;

test("only a floating-point scalar has gradients", () => {
  const x = input("x", { shape: [2], dtype: "float32" });
  expect(() => gradients(x, [x])).toThrow(
    /^gradients: needs a floating-point scalar, got f32\[2\]\. \(at grad\.test\.ts:\d+\)$/,
  );
  expect(() => gradients(cast(sum(x), "int32"), [x])).toThrow(
    /^gradients: needs a floating-point scalar, got i32\[\]\. \(at grad\.test\.ts:\d+\)$/,
  );
});

test("the derivatives of x^4 are 4 x^3, 12 x^2, 24 x, 24 and 0", async () => {
  const run = compile((x: Tensor) => {
    const square = mul(x, x);
    const derivatives = [mul(square, square)];
    for (let order = 1; order <= 5; order++) {
      derivatives.push(gradient(derivatives[order - 1] as Tensor, x));
    }
    return derivatives;
  });
  expect((await run(1.5)).map((value) => value.item())).toEqual([5.0625, 13.5, 27, 36, 24, 0]);
});

test("what a scalar does not depend on has gradient zero, of its own shape", async () => {
  const run = compile((x: Tensor, y: Tensor) => gradients(sum(x), [y, x]));
  const [dy, dx] = await run(hostTensor([1, 2]), hostTensor([1, 2, 3]));
  expect(dy?.toArray()).toEqual([0, 0, 0]);
  expect(dx?.toArray()).toEqual([1, 1]);
});

test("no gradient passes stopGradient, nor whole numbers", async () => {
  const run = compile((x: Tensor) => [
    gradient(mul(x, stopGradient(x)), x),
    gradient(add(x, stopGradient(exp(x))), x),
    gradient(mul(x, cast(cast(x, "int32"), "float32")), x),
  ]);
  expect((await run(2.5)).map((value) => value.item())).toEqual([2.5, 1, 2]);
});

test("an operation on the way without a gradient is named, with the reason", () => {
  const x = input("x", { shape: [2], dtype: "float32" });
  expect(() => gradients(sum(floor(x)), [x])).toThrow(
    /^floor has no gradient: it is constant between its jumps\. \(at grad\.test\.ts:\d+\)$/,
  );
});

test("an operation without a gradient beside the way does not matter", async () => {
  const run = compile((x: Tensor, y: Tensor) => gradient(mul(x, floor(y)), x));
  expect((await run(2, 3.5)).item()).toBe(3);
});

/** a b by way of an expansion. */
const productSpec: OpSpec = {
  name: "product",
  infer: ([a]) => [a as Tensor],
  gradient: "expansion",
  expand: ([a, b], _, ops) => [ops.mul(a as Tensor, b as Tensor)],
  lower: (emit, inputs) => [emit.one("Mul", inputs)],
};

test("a gradient passes through an expansion, and again", async () => {
  const run = compile((x: Tensor) => {
    const slope = gradient(geluTanh(x), x);
    return [slope, gradient(slope, x)];
  });
  const [slope, curvature] = await run(0.5);
  // Values by PyTorch's autograd in float64.
  expect(slope?.item()).toBeCloseTo(0.8673699035, 5);
  expect(curvature?.item()).toBeCloseTo(0.6155068951, 5);
});

test("an expansion's operands may depend on one another", async () => {
  const run = compile((x: Tensor) => gradient(makeTensor(productSpec, [x, mul(x, x)], {}), x));
  expect((await run(3)).item()).toBe(27);
});

test("an expansion that is missing, and a gradient of a wrong shape, are faults of the row", () => {
  const x = input("x", { shape: [2], dtype: "float32" });
  const row = { infer: productSpec.infer, lower: productSpec.lower };
  const without: OpSpec = { ...row, name: "odd", gradient: "expansion" };
  expect(() => gradients(sum(makeTensor(without, [x], {})), [x])).toThrow(
    /^odd has neither a gradient nor an expansion\.$/,
  );
  const wrong: OpSpec = { ...row, name: "odd", gradient: ({ dy }, ops) => [ops.sum(dy)] };
  expect(() => gradients(sum(makeTensor(wrong, [exp(x)], {})), [x])).toThrow(
    /^The gradient of exp is f32\[\], its value f32\[2\]\.$/,
  );
});

test("a variable's gradient is taken at its value when the call starts", async () => {
  const weight = new Variable([], { name: "weight", initial: 3 });
  const step = compile((x: Tensor) => {
    const loss = mul(mul(weight, weight), x);
    weight.assign(sub(weight, 1));
    return gradients(loss, [weight]);
  });
  expect((await step(10))[0]?.item()).toBe(60);
  expect((await step(10))[0]?.item()).toBe(40);
});

test("pullback takes a cotangent an output, and none where nothing flows", async () => {
  const run = compile((x: Tensor, dy: Tensor) => {
    const outputs = [mul(x, x), exp(x), mul(x, 5)];
    return pullback(outputs, [x], [dy, undefined, dy]);
  });
  const [dx] = await run(hostTensor([1, 2]), hostTensor([10, 100]));
  expect(dx?.toArray()).toEqual([70, 900]);
});

test("gradients by an input of whole numbers are zeros of its type", () => {
  const { graph } = record(
    (ids: Tensor) => gradients(sum(cast(ids, "float32")), [ids]),
    [{ shape: [2], dtype: "int32" }],
  );
  expect(graph.outputs.map(({ dtype, shape }) => ({ dtype, shape }))).toEqual([
    { dtype: "int32", shape: [2] },
  ]);
});
