import { expect, test } from "vitest";
import { compile } from "../compile.ts";
import { gradients } from "../grad.ts";
import type { Tensor } from "../graph/node.ts";
import { record } from "../graph/record.ts";
import { Variable } from "../graph/variable.ts";
import { hostTensor } from "../host.ts";
import { optimize } from "../rewrite/index.ts";
import { stagesOf } from "../run/stages.ts";
import { add, matmul, mul, recompute, sum, tanh } from "./index.ts";

const weights = [0, 1, 2].map(
  (k) =>
    new Variable([4, 4], {
      name: `w${k}`,
      initial: hostTensor(
        Array.from({ length: 16 }, (_, i) => Math.sin(i * (k + 1))),
        [4, 4],
      ),
    }),
);

/** Three blocks of four products each, with a scale from outside; their loss and all gradients. */
function model(isRecomputed: boolean) {
  return (x: Tensor, scale: Tensor): Tensor[] => {
    const factor = tanh(scale);
    const y = weights.reduce((input, weight) => {
      const block = (h: Tensor): Tensor => {
        const inner = [0, 1, 2, 3].reduce((z) => tanh(matmul(z, weight)), h);
        return add(h, mul(inner, factor));
      };
      return isRecomputed ? recompute(block, input) : block(input);
    }, x);
    const loss = sum(mul(y, y));
    return [loss, ...gradients(loss, [x, scale, ...weights])];
  };
}

const x = hostTensor([0.1, 0.2, -0.3, 0.4, 0.5, -0.6, 0.7, 0.8], [2, 4]);
const scale = hostTensor([0.5]);

/** Operations whose values the models of a run leave for each other, with rows of x. */
function kept(): string[] {
  const { graph } = record(model(true), [x, scale]);
  const inputs = new Set(graph.inputs);
  const taken = stagesOf(optimize(graph)).flatMap(({ takes }) => takes);
  const rows = [...new Set(taken)].filter((tensor) => !inputs.has(tensor) && tensor.shape[0] === 2);
  return rows.map(({ node }) => node.spec.name).sort();
}

test("what is computed once more has the same values and gradients, bit for bit", async () => {
  const [plain, again] = await Promise.all(
    [false, true].map((isRecomputed) => compile(model(isRecomputed))(x, scale)),
  );
  expect(again?.map((value) => value.toArray())).toEqual(plain?.map((value) => value.toArray()));
});

test("only the blocks' inputs and what comes back are kept between the models of a run", () => {
  const { graph } = record(model(true), [x, scale]);
  expect(stagesOf(optimize(graph))).toHaveLength(4);
  expect(stagesOf(optimize(record(model(false), [x, scale]).graph))).toHaveLength(1);
  // The inputs of two blocks, and the gradient of each block's output with and without the scale; no product, no tanh.
  expect(kept()).toEqual(["add", "add", "add", "add", "add", "mul", "mul", "mul"]);
});
