import { compile, flip, type HostTensor, hostTensor, type Tensor } from "@quire/tensor";
import { describe, expect, test } from "vitest";
import { initialize } from "./model.ts";
import { checkSlopes, draws } from "./testing/slopes.ts";
import { VisionLstmBlock, type VisionLstmBlockOptions } from "./vision-lstm-block.ts";

const [batch, length, width] = [2, 12, 8];

function run(block: VisionLstmBlock, x: HostTensor): Promise<HostTensor> {
  return compile((tokens: Tensor) => block.forward(tokens))(x);
}

const variants: readonly (readonly [string, VisionLstmBlockOptions])[] = [
  ["with a causal convolution", { width, direction: "forward" }],
  [
    "with a grid's convolution and biases, backward",
    {
      ...{ width, direction: "backward", normBias: true },
      layer: { bias: true, convolution: { kind: "grid", kernel: 3, rows: 3 } },
    },
  ],
];

describe.each(variants)("a block of Vision-LSTM %s", (_, options) => {
  test("has the gradients of finite differences", async () => {
    const block = new VisionLstmBlock(options);
    await checkSlopes(block, (x) => block.forward(x), draws([batch, length, width], 1));
  });

  test("gives the same in every form of its memory", async () => {
    const x = draws([batch, length, width], 1);
    const results: number[][] = [];
    for (const form of ["parallel", "chunked", "recurrent"] as const) {
      const layer = { ...options.layer, memory: { form, chunk: 5 } };
      const block = new VisionLstmBlock({ ...options, layer });
      initialize(block, 4);
      results.push((await run(block, x)).toArray());
    }
    const [first = [], ...others] = results;
    for (const other of others) {
      expect(
        Math.max(...other.map((value, i) => Math.abs(value - (first[i] as number)))),
      ).toBeLessThan(1e-5);
    }
  });
});

test("a block takes each token from those before it, or from those after it", async () => {
  const x = draws([1, length, width], 1);
  const later = draws([1, length, width], 2);
  const kept = 5 * width;
  const data = Float32Array.from(x.data, (value, i) =>
    i < kept ? value : (later.data[i] as number),
  );
  for (const direction of ["forward", "backward"] as const) {
    const block = new VisionLstmBlock({ width, direction });
    initialize(block, 4);
    const [one, two] = [await run(block, x), await run(block, hostTensor(data, x.shape))];
    const same = one.toArray().map((value, i) => value === two.data[i]);
    expect(same.slice(0, kept).every(Boolean)).toBe(direction === "forward");
    expect(same.slice(kept).some(Boolean)).toBe(false);
  }
});

test("a block backward is one forward over turned tokens", async () => {
  const [forward, backward] = (["forward", "backward"] as const).map((direction) => {
    const block = new VisionLstmBlock({ width, direction });
    initialize(block, 4);
    return block;
  }) as [VisionLstmBlock, VisionLstmBlock];
  const x = draws([1, length, width], 1);
  const turned = compile((tokens: Tensor) => flip(forward.forward(flip(tokens, [1])), [1]));
  expect((await run(backward, x)).toArray()).toEqual((await turned(x)).toArray());
});

test("its parameters have their paths, and gates begin as the paper has them", async () => {
  const block = new VisionLstmBlock({ width, direction: "forward" });
  initialize(block, 1);
  expect(block.namedState().map(([path, { shape }]) => `${path} [${shape.join(",")}]`)).toEqual([
    "norm.weight [8]",
    "layer.up.weight [32,8]",
    "layer.convolution.windows.weight [16,1,4]",
    "layer.convolution.windows.bias [16]",
    "layer.query.weight [4,4,4]",
    "layer.key.weight [4,4,4]",
    "layer.value.weight [4,4,4]",
    "layer.cell.inputGate.weight [4,48]",
    "layer.cell.inputGate.bias [4]",
    "layer.cell.forgetGate.weight [4,48]",
    "layer.cell.forgetGate.bias [4]",
    "layer.cell.norm.weight [16]",
    "layer.skip [16]",
    "layer.down.weight [8,16]",
  ]);
  const { forgetGate, inputGate } = block.layer.cell;
  expect((await forgetGate.bias?.get())?.toArray()).toEqual([3, 4, 5, 6]);
  expect((await inputGate.weight.get()).toArray().every((value) => value === 0)).toBe(true);
  expect((await inputGate.bias?.get())?.toArray().every((value) => value !== 0)).toBe(true);
});
