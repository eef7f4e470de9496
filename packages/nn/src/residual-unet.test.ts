import { add, compile, gradients, sum, type Tensor } from "@quire/tensor";
import { describe, expect, test } from "vitest";
import { countParameters, initialize } from "./model.ts";
import { ConvolutionBlock } from "./residual-unet/blocks.ts";
import { ResidualUNet, type ResidualUNetOptions } from "./residual-unet.ts";
import { checkSlopes, draws } from "./testing/slopes.ts";

const stage = { kernel: [3, 3], stride: [2, 2], blocks: 1 };
const plane: ResidualUNetOptions = {
  ...{ in: 2, classes: 3, blocksUp: [2, 1], finestSkip: false },
  stages: [
    { ...stage, features: 4, stride: [1, 1], blocks: 2 },
    { ...stage, features: 6, stride: [2, 1] },
    { ...stage, features: 8 },
  ],
};
const volume: ResidualUNetOptions = {
  ...{ in: 1, classes: 2, blocksUp: [1] },
  stages: [
    { features: 3, kernel: [1, 3, 3], stride: [1, 1, 1], blocks: 1 },
    { features: 5, kernel: [3, 3, 3], stride: [1, 2, 2], blocks: 1 },
  ],
};

describe.each([
  [
    "over a plane",
    plane,
    [2, 2, 8, 6],
    [
      [2, 3, 8, 6],
      [2, 3, 4, 6],
    ],
  ],
  ["in a volume", volume, [1, 1, 4, 4, 4], [[1, 2, 4, 4, 4]]],
] as const)("a residual U-Net %s", (_, options, shape, wanted) => {
  test("gives logits of every level, the finest first", async () => {
    const model = new ResidualUNet(options);
    initialize(model, 1);
    const run = compile((x: Tensor) => [...model.forward(x)]);
    const levels = await run(draws(shape));
    expect(levels.map((level) => level.shape)).toEqual(wanted);
  });

  test("has no parameter that a loss of all levels leaves out", async () => {
    const model = new ResidualUNet(options);
    const parameters = model.parameters();
    const run = compile((x: Tensor) =>
      gradients(
        model
          .forward(x)
          .map((level) => sum(level))
          .reduce((a, b) => add(a, b)),
        parameters,
      ),
    );
    expect((await run(draws(shape))).length).toBe(parameters.length);
  });
});

test.each([
  ["over a plane", { in: 2, out: 3, kernel: [3, 3], stride: [2, 1] }, [2, 2, 6, 5]],
  ["in a volume", { in: 1, out: 2, kernel: [1, 3, 3], stride: [1, 2, 2] }, [1, 1, 3, 4, 6]],
] as const)("a block %s has the gradients of finite differences", async (_, options, shape) => {
  const block = new ConvolutionBlock({ ...options, shortcut: "convolution" });
  await checkSlopes(block, (x) => block.forward(x), draws(shape));
});

test("a mixer stands after its level, and nothing stands beside the finest where it is told so", () => {
  expect(countParameters(new ResidualUNet(plane))).toBeLessThan(
    countParameters(new ResidualUNet({ ...plane, finestSkip: true })),
  );
});
