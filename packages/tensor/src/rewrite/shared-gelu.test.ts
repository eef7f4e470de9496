import { expect, test } from "vitest";
import { gradients } from "../grad.ts";
import { type Graph, sorted } from "../graph/graph.ts";
import type { Tensor } from "../graph/node.ts";
import { record } from "../graph/record.ts";
import { emit } from "../onnx/emit.ts";
import { add, gelu, matmul, mul, reshape, sum } from "../ops/index.ts";
import { nodeRuntime } from "../run/node.ts";
import { sizeOf, type TensorType } from "../shape.ts";
import { optimize } from "./index.ts";
import { shareGelu } from "./shared-gelu.ts";

function namesOf({ outputs }: Graph): string[] {
  return sorted(outputs).map(({ spec }) => spec.name);
}

async function valuesOf(graph: Graph, fed: readonly Float32Array[]): Promise<Float32Array[]> {
  const inputs = graph.inputs.map((_, i) => `in_${i}`);
  const outputs = graph.outputs.map((_, i) => `out_${i}`);
  const session = await nodeRuntime.load(emit(graph, { inputs, outputs }), { inputs, outputs });
  const made = graph.outputs.map((type) => nodeRuntime.allocate(type));
  const given = graph.inputs.map((type, i) => nodeRuntime.allocate(type, fed[i]));
  await session.run(given, made);
  await session.release();
  return Promise.all(made.map(async (buffer) => (await buffer.read()) as Float32Array));
}

test("GELU and its slope by one erf agree with the kernels, also far from 0", async () => {
  const { graph } = record(
    (x: Tensor) => {
      const y = gelu(x);
      return [y, gradients(sum(y), [x])[0] as Tensor];
    },
    [{ shape: [9], dtype: "float32" }],
  );
  const shared = shareGelu(graph);
  expect(namesOf(shared)).not.toContain("gelu");
  expect(namesOf(shared).filter((name) => name === "erf")).toHaveLength(1);
  const x = Float32Array.from([-40, -6, -1.5, -0.1, 0, 1e-6, 0.7, 5, 40]);
  const [y, slope] = (await valuesOf(shared, [x])) as [Float32Array, Float32Array];
  const [wanted, wantedSlope] = (await valuesOf(graph, [x])) as [Float32Array, Float32Array];
  y.forEach((value, i) => {
    expect(Math.abs(value - (wanted[i] as number))).toBeLessThan(1e-6 * Math.max(1, value));
  });
  slope.forEach((value, i) => {
    expect(Math.abs(value - (wantedSlope[i] as number))).toBeLessThan(1e-6);
  });
});

test("GELU without its slope stays one kernel", () => {
  const { graph } = record((x: Tensor) => gelu(x), [{ shape: [3], dtype: "float32" }]);
  expect(shareGelu(graph)).toBe(graph);
});

test("in a feed-forward network the products take all factors of GELU", async () => {
  const types: TensorType[] = [[2, 3, 4], [4, 8], [8], [8, 4]].map((shape) => ({
    shape,
    dtype: "float32",
  }));
  const flat = (x: Tensor): Tensor => reshape(x, [6, x.shape.at(-1) as number]);
  const { graph } = record((x: Tensor, first: Tensor, bias: Tensor, second: Tensor) => {
    const hidden = gelu(add(reshape(matmul(flat(x), first), [2, 3, 8]), bias));
    const y = matmul(flat(hidden), second);
    return [y, ...gradients(sum(mul(y, y)), [x, first, bias, second])];
  }, types);
  const rewritten = optimize(graph);
  const full = sorted(rewritten.outputs).filter(
    ({ spec, outputs: [output] }) => spec.name === "mul" && output?.shape.join() === "2,3,8",
  );
  // z h, z z, the slope's constant, the slope itself: no factor of 1/√2 or 1/2.
  expect(full).toHaveLength(4);
  const fed = types.map(({ shape }) =>
    Float32Array.from({ length: sizeOf(shape) }, (_, i) => Math.sin(3 * i + 1)),
  );
  const wanted = await valuesOf(graph, fed);
  for (const [i, values] of (await valuesOf(rewritten, fed)).entries()) {
    values.forEach((value, k) => {
      expect(value).toBeCloseTo(wanted[i]?.[k] as number, 4);
    });
  }
});
