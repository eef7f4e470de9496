import { expect, test } from "vitest";
import { add } from "../ops/arithmetic.ts";
import { exp } from "../ops/elementwise.ts";
import { withScope } from "../scope.ts";
import type { TensorType } from "../shape.ts";
import { type Node, Tensor } from "./node.ts";
import { input } from "./source.ts";
import { verify } from "./verify.ts";

const x = input("x", { shape: [2], dtype: "float32" });

/** A copy of a node with other outputs or inputs, as a wrong rewrite would leave it. */
function broken(node: Node, types: readonly TensorType[], inputs = node.inputs): Tensor {
  const outputs: Tensor[] = [];
  const copy: Node = { ...node, inputs, outputs };
  types.forEach((type, i) => {
    outputs.push(new Tensor(copy, i, type));
  });
  return outputs[0] as Tensor;
}

test("a sound graph passes", () => {
  const outputs = [exp(add(x, 1))];
  expect(verify({ inputs: [x], outputs }, { after: "recording" })).toBe(undefined);
});

test("an input that the graph does not declare is named", () => {
  expect(() => verify({ inputs: [], outputs: [exp(x)] }, { after: "folding" })).toThrow(
    /^After folding, node input \(made in no module\) reads "x", which is no input of the graph\.$/,
  );
});

test("a type that the row does not give is named, with the module that made the node", () => {
  const y = withScope("block", () => withScope("norm", () => exp(x)));
  const wrong = broken(y.node, [{ shape: [3], dtype: "float32" }]);
  expect(() => verify({ inputs: [x], outputs: [wrong] }, { after: "fusing" })).toThrow(
    /^After fusing, node exp \(made in block\.norm\) has type f32\[3\], its row says f32\[2\]\.$/,
  );
});

test("outputs that the row does not have are counted", () => {
  const wrong = broken(exp(x).node, [x, x]);
  expect(() => verify({ inputs: [x], outputs: [wrong] }, { after: "fusing" })).toThrow(
    /^After fusing, node exp \(made in no module\) has 2 outputs, not 1\.$/,
  );
});

test("a node that needs its own result is found", () => {
  const inputs = [x];
  const first = broken(exp(x).node, [x], inputs);
  inputs[0] = broken(exp(x).node, [x], [first]);
  expect(() => verify({ inputs: [x], outputs: [first] }, { after: "fusing" })).toThrow(
    /^After fusing, node exp \(made in no module\) uses a value of exp before it is made\.$/,
  );
});
