import { expect, test } from "vitest";
import type { Tensor } from "../graph/node.ts";
import { record } from "../graph/record.ts";
import { emit } from "../onnx/emit.ts";
import { conv, convTranspose } from "../ops/conv.ts";
import { maxPool } from "../ops/pool.ts";
import { logSumExp } from "../ops/reduce.ts";
import { scan } from "../ops/scan.ts";
import { slice } from "../ops/slice.ts";
import { optimize } from "../rewrite/index.ts";
import { nodesInGaps } from "./gpu-gaps.ts";

/** The operations, by the beginnings of their nodes' names, that would not run on the GPU. */
function gapsOf(shapes: readonly number[][], build: (...x: Tensor[]) => Tensor): string[] {
  const types = shapes.map((shape) => ({ shape, dtype: "float32" as const }));
  const { graph } = record(build as (...x: Tensor[]) => Tensor, types as never);
  const optimized = optimize(graph);
  const inputs = optimized.inputs.map((_, i) => `input_${i}`);
  return nodesInGaps(emit(optimized, { inputs, outputs: ["output"] }));
}

test.each<[string, number[][], (...x: Tensor[]) => Tensor, number]>([
  [
    "a plain convolution",
    [
      [1, 2, 5, 5],
      [4, 2, 3, 3],
    ],
    (x, w) => conv(x!, w!),
    0,
  ],
  [
    "a convolution in groups",
    [
      [1, 2, 5, 5],
      [4, 1, 3, 3],
    ],
    (x, w) => conv(x!, w!, undefined, { groups: 2 }),
    0,
  ],
  [
    "one of volumes in groups",
    [
      [1, 2, 5, 5, 5],
      [4, 1, 3, 3, 3],
    ],
    (x, w) => conv(x!, w!, undefined, { groups: 2 }),
    1,
  ],
  [
    "a transposed convolution",
    [
      [1, 2, 5, 5],
      [2, 3, 3, 3],
    ],
    (x, w) => convTranspose(x!, w!),
    0,
  ],
  [
    "a transposed one in groups",
    [
      [1, 2, 5, 5],
      [2, 3, 3, 3],
    ],
    (x, w) => convTranspose(x!, w!, undefined, { groups: 2 }),
    1,
  ],
  [
    "a transposed one of volumes",
    [
      [1, 2, 5, 5, 5],
      [2, 3, 3, 3, 3],
    ],
    (x, w) => convTranspose(x!, w!),
    1,
  ],
  ["pooling alone", [[1, 2, 4, 4]], (x) => maxPool(x!, { kernel: 2 }), 0],
  ["a slice", [[5]], (x) => slice(x!, [1], [3]), 0],
  ["a slice read backwards", [[5]], (x) => slice(x!, [3], [1], { steps: [-1] }), 1],
  ["logSumExp", [[5]], (x) => logSumExp(x!), 1],
  [
    "logSumExp in a loop",
    [[3], [4, 3]],
    (h, xs) =>
      scan(
        (carry: Tensor, x: Tensor) => ({ carry: slice(x, [2], [-4], { steps: [-1] }), y: carry }),
        h!,
        xs!,
      ).carry,
    1,
  ],
])("%s has as many nodes in gaps as expected", (_, shapes, build, count) => {
  expect(gapsOf(shapes, build)).toHaveLength(count);
});
