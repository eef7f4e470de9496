import { expect, test } from "vitest";
import type { DType } from "../dtype.ts";
import { DTypeError, QuireError, ShapeError } from "../errors.ts";
import { record } from "../graph/record.ts";
import { input } from "../graph/source.ts";
import { Variable } from "../graph/variable.ts";
import { withScope } from "../scope.ts";
import type { TensorType } from "../shape.ts";
import { add, equal, logicalAnd, maximum, mul } from "./arithmetic.ts";
import { requireAxis, toTensors } from "./define.ts";
import { exp, neg } from "./elementwise.ts";
import { where } from "./select.ts";

const of = (dtype: DType, ...shape: number[]) => input("x", { shape, dtype });

/** The error that a call raises. */
function errorOf(call: () => unknown): unknown {
  try {
    return call();
  } catch (error) {
    return error;
  }
}

test.each<[rule: string, call: () => unknown]>([
  [
    "add: dtypes differ: a f32[2], b i32[2]; convert one with cast.",
    () => add(of("float32", 2), of("int32", 2)),
  ],
  [
    "add: takes numbers, got a bool[2], b bool[2]; convert with cast.",
    () => add(of("bool", 2), of("bool", 2)),
  ],
  ["exp: takes floating-point values, got x i32[2]; convert with cast.", () => exp(of("int32", 2))],
  ["neg: takes numbers, got x bool[]; convert with cast.", () => neg(of("bool"))],
  [
    "logicalAnd: takes bool, got a bool[2], b u8[2]; convert with cast.",
    () => logicalAnd(of("bool", 2), of("uint8", 2)),
  ],
  [
    "add: shapes do not broadcast: a f32[2,3], b f32[4]; aligned at the last axis, sizes must be equal or 1.",
    () => add(of("float32", 2, 3), of("float32", 4)),
  ],
  [
    "maximum: shapes do not broadcast: a i64[2], b i64[0]; aligned at the last axis, sizes must be equal or 1.",
    () => maximum(of("int64", 2), of("int64", 0)),
  ],
  [
    "where: the condition must be bool, got a f32[2], b f32[2], c f32[].",
    () => where(of("float32", 2), of("float32", 2), 0),
  ],
  [
    "where: shapes do not broadcast: a bool[3], b f32[2], c f32[]; aligned at the last axis, sizes must be equal or 1.",
    () => where(of("bool", 3), of("float32", 2), 0),
  ],
  [
    "flip: there is no axis 2 in x f32[2,3]: -2 to 1 are there.",
    () => requireAxis("flip", 2, of("float32", 2, 3)),
  ],
  [
    "flip: there is no axis 0 in x f32[]: a scalar has none.",
    () => requireAxis("flip", 0, of("float32")),
  ],
])("%s", (message, call) => {
  const error = errorOf(call) as Error;
  expect(error.message.replace(/ \(at define\.test\.ts:\d+\)$/, "")).toBe(message);
  expect(error.message).toMatch(/ \(at define\.test\.ts:\d+\)$/);
});

test("an error carries the operation, the rule, the types it got, and its class", () => {
  const [a, b] = [of("float32", 2), of("float32", 3)];
  const shape = errorOf(() => add(a, b));
  expect(shape).toBeInstanceOf(ShapeError);
  expect(shape).toBeInstanceOf(QuireError);
  expect(shape).toMatchObject({ name: "ShapeError", op: "add", got: [a, b] });
  const dtype = errorOf(() => add(a, of("int32", 2)));
  expect(dtype).toBeInstanceOf(DTypeError);
  expect(dtype).toMatchObject({
    name: "DTypeError",
    op: "add",
    rule: "dtypes differ: a f32[2], b i32[2]; convert one with cast.",
  });
});

test("an error says in which module it happened", () => {
  const build = () =>
    withScope("blocks.0", () => withScope("attention", () => exp(of("int32", 2))));
  expect(build).toThrow(
    /^exp: takes floating-point values, got x i32\[2\]; convert with cast\. \(in blocks\.0\.attention, at define\.test\.ts:\d+\)$/,
  );
});

test("an error finds the user's line however shallow stacks are set to be", () => {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 1;
  const error = errorOf(() => exp(of("int32", 2))) as Error;
  const after = Error.stackTraceLimit;
  Error.stackTraceLimit = stackTraceLimit;
  expect(error.message).toMatch(/ \(at define\.test\.ts:\d+\)$/);
  expect(after).toBe(1);
});

test("numbers take the dtype of the operand beside them, float32 where there is none", () => {
  const typeOf = ({ dtype, shape }: TensorType) => ({ dtype, shape });
  expect(typeOf(add(of("int64", 2), 1))).toEqual({ dtype: "int64", shape: [2] });
  expect(typeOf(add(1, of("uint8", 2)))).toEqual({ dtype: "uint8", shape: [2] });
  expect(typeOf(add(1, 2))).toEqual({ dtype: "float32", shape: [] });
  expect(typeOf(equal(of("int32", 2, 1), of("int32", 3)))).toEqual({
    dtype: "bool",
    shape: [2, 3],
  });
  expect(toTensors([1, 2, of("int32")]).map(({ dtype }) => dtype)).toEqual([
    "int32",
    "int32",
    "int32",
  ]);
});

test("a fraction beside whole numbers is refused, not cut off", () => {
  const ids = input("ids", { shape: [2], dtype: "int32" });
  expect(() => mul(ids, 0.5)).toThrow(
    /^number: 0\.5 is no int32 value; convert the other operand with cast\. \(at define\.test\.ts:\d+\)$/,
  );
  expect(mul(ids, 2).dtype).toBe("int32");
});

test("a variable stands for its value", () => {
  const weight = new Variable([3], { name: "weight" });
  const { reads, graph } = record(() => add(weight, 1), []);
  expect(reads).toEqual([weight]);
  expect(graph.outputs.map(({ shape }) => shape)).toEqual([[3]]);
});
