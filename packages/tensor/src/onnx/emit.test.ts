import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import type { Tensor } from "../graph/node.ts";
import { record } from "../graph/record.ts";
import { relu } from "../ops/activations.ts";
import { mul } from "../ops/arithmetic.ts";
import { matmul } from "../ops/linalg.ts";
import { sum } from "../ops/reduce.ts";
import { withScope } from "../scope.ts";
import { emit, OPSET } from "./emit.ts";
import { decodeModel } from "./proto.ts";

function layer() {
  return record(
    (x: Tensor, w: Tensor) => {
      const hidden = withScope("hidden", () => relu(matmul(x, w, { transposeB: true })));
      return [sum(mul(hidden, 0.5), { axes: 1 }), x];
    },
    [
      { shape: [2, 3], dtype: "float32" },
      { shape: [4, 3], dtype: "float32" },
    ],
  ).graph;
}

const names = { inputs: ["x", "w"], outputs: ["y", "same"] };

test("a graph becomes a file with its names, its types and its operations' versions", () => {
  const { opsetImport, irVersion, graph } = decodeModel(emit(layer(), names));
  expect(irVersion).toBe(10n);
  expect(opsetImport).toEqual([
    { domain: "", version: BigInt(OPSET) },
    { domain: "com.microsoft", version: 1n },
  ]);
  const lines = graph?.node?.map(({ opType, input, output }) => `${output} = ${opType} ${input}`);
  expect(lines).toEqual([
    "hidden.matmul_0 = FusedMatMul x,w",
    "hidden.relu_1 = Relu hidden.matmul_0",
    "mul_3 = Mul hidden.relu_1,constant_2",
    "y = ReduceSum mul_3,constant_4",
    "same = Identity x",
  ]);
  const types = graph?.output?.map(({ name, type }) => [name, type?.tensorType?.shape?.dim]);
  expect(types).toEqual([
    ["y", [{ dimValue: 2n }]],
    ["same", [{ dimValue: 2n }, { dimValue: 3n }]],
  ]);
});

test("the same graph gives the same bytes, today and in the next version", () => {
  const bytes = emit(layer(), names);
  expect(emit(layer(), names)).toEqual(bytes);
  expect(createHash("sha256").update(bytes).digest("hex")).toBe(
    "225a4b94f3c5249a51b44a14cb009d13717c6561bc72f107562bc3ddaf8786ac",
  );
});
