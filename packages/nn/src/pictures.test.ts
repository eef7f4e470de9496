import { readFileSync } from "node:fs";
import {
  compile,
  type HostTensor,
  hostTensor,
  RandomStream,
  type Tensor,
  type Variable,
} from "@quire/tensor";
import { expect, test } from "vitest";
import { adaptiveNorm, Modulation, ModulationTable, modulationParts } from "./adaptive-norm.ts";
import { gridPositions } from "./grid-positions.ts";
import { divergenceFromNormal, ImageAutoencoder } from "./image-autoencoder.ts";
import type { Module } from "./module.ts";
import { ResidualConvolution } from "./residual-convolution.ts";
import { ScalarEmbedding } from "./scalar-embedding.ts";
import { T5Encoder } from "./t5-encoder.ts";
import { expectNear } from "./testing/near.ts";
import { checkSlopes, draws } from "./testing/slopes.ts";

interface Listed {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

type Weights = Readonly<Record<string, Listed>>;

const path = new URL("../../tensor/references/pictures.json", import.meta.url);
const stored = JSON.parse(readFileSync(path, "utf8")) as {
  readonly text: {
    readonly weights: Weights;
    readonly ids: readonly (readonly number[])[];
    readonly mask: readonly (readonly number[])[];
    readonly states: Listed;
  };
  readonly autoencoder: Readonly<Record<"images" | "mean" | "logVariance" | "pictures", Listed>> & {
    readonly weights: Weights;
    readonly divergence: number;
  };
  readonly scalars: {
    readonly weights: Weights;
    readonly numbers: Listed;
    readonly vectors: Listed;
  };
  readonly positions: Readonly<Record<"rows" | "columns" | "width" | "base" | "scale", number>> & {
    readonly table: Listed;
  };
};

function tensor({ shape, data }: Listed): HostTensor<"float32"> {
  return hostTensor(Float32Array.from(data), shape, "float32");
}

/** Gives a module stored weights, all of its own and no other. */
async function fill(model: Module, weights: Weights): Promise<void> {
  const state = model.namedState();
  expect(state.map(([name]) => name).sort()).toEqual(Object.keys(weights).sort());
  for (const [name, variable] of state as [string, Variable][]) {
    await variable.set(tensor(weights[name] as Listed));
  }
}

test("T5's encoder gives PyTorch's states of texts with padding", async () => {
  const { weights, ids, mask, states } = stored.text;
  const model = new T5Encoder({
    ...{ vocabulary: 9, width: 6, depth: 2, heads: 2, headWidth: 4, feedForward: 10 },
    relative: { buckets: 8, furthest: 4 },
  });
  await fill(model, weights);
  const run = compile((i: Tensor, m: Tensor) => model.forward(i, m));
  const found = await run(
    hostTensor(Int32Array.from(ids.flat()), [2, 5], "int32"),
    hostTensor(Uint8Array.from(mask.flat()), [2, 5], "bool"),
  );
  expectNear(found, states.shape, states.data, 1e-5);
});

test("an autoencoder gives PyTorch's latents and pictures", async () => {
  const { weights, images, mean, logVariance, pictures, divergence } = stored.autoencoder;
  const model = new ImageAutoencoder({ channels: 3, latents: 2, widths: [4, 8] });
  await fill(model, weights);
  expect(model.factor).toBe(2);
  const run = compile((x: Tensor) => {
    const latents = model.encode(x);
    return { ...latents, pictures: model.forward(x), divergence: divergenceFromNormal(latents) };
  });
  const found = await run(tensor(images));
  expectNear(found.mean, mean.shape, mean.data, 1e-5);
  expectNear(found.logVariance, logVariance.shape, logVariance.data, 1e-5);
  expectNear(found.pictures, pictures.shape, pictures.data, 1e-4);
  expect(found.divergence.item()).toBeCloseTo(divergence, 4);
});

test("an autoencoder's latents are drawn in training, around their mean", async () => {
  const model = new ImageAutoencoder({ channels: 3, latents: 2, widths: [4, 8] });
  await fill(model, stored.autoencoder.weights);
  const stream = new RandomStream(3);
  const run = compile((x: Tensor) => model.forward(x, { training: true, random: stream }));
  const images = tensor(stored.autoencoder.images);
  const [first, second] = [await run(images), await run(images)];
  expect(first.toArray()).not.toEqual(second.toArray());
});

test("a residual convolution to other channels has a gradient", async () => {
  const model = new ResidualConvolution(2, 4);
  expect(model.namedParameters().map(([name]) => name)).toContain("shortcut.weight");
  await checkSlopes(model, (x) => model.forward(x), draws([2, 2, 4, 4]));
});

test("numbers are embedded as in PyTorch, several of an example in a row", async () => {
  const { weights, numbers, vectors } = stored.scalars;
  const model = new ScalarEmbedding({ width: 3, frequencies: 8 });
  await fill(model, weights);
  const run = compile((x: Tensor) => model.forward(x));
  expectNear(await run(tensor(numbers)), vectors.shape, vectors.data, 1e-5);
  const alone = await run(hostTensor(Float32Array.of(0, 31), [2], "float32"));
  const firsts = [...vectors.data.slice(0, 3), ...vectors.data.slice(6, 9)];
  expectNear(alone, [2, 3], firsts, 1e-5);
});

test("a grid's positions are PyTorch's, stretched to the first grid", async () => {
  const { table, ...options } = stored.positions;
  const found = await compile(() => gridPositions(options))();
  expectNear(found, [1, ...table.shape], table.data, 1e-6);
  expect(() => gridPositions({ rows: 2, columns: 2, width: 6 })).toThrow(
    "gridPositions: the width must be a multiple of 4, got 6.",
  );
});

test("a grid twice as fine has the first grid's places at every second one", async () => {
  const at = (side: number) =>
    compile(() => gridPositions({ rows: side, columns: side, width: 8, base: 16 }))();
  const [coarse, fine] = [await at(3), await at(6)];
  const row = (grid: HostTensor, place: number): number[] =>
    grid.toArray().slice(8 * place, 8 * (place + 1));
  for (let y = 0; y < 3; y++) {
    for (let x = 0; x < 3; x++) {
      const [wanted, got] = [row(coarse, 3 * y + x), row(fine, 6 * 2 * y + 2 * x)];
      expectNear(hostTensor(got, [8]), [8], wanted, 1e-6);
    }
  }
});

test("a table modulates as its sum with what is shared says, and each part has a gradient", async () => {
  const shared = new Modulation({ width: 4, parts: 2 });
  const table = new ModulationTable({ width: 4, parts: 2 });
  const model = Object.assign(shared, { table });
  await checkSlopes(
    model,
    (x) => {
      const condition = modulationParts(table.forward(shared.forward(x)), 2);
      const [shift, scale] = condition as [Tensor, Tensor];
      return adaptiveNorm(modulationParts(table.forward(shared.forward(x)), 2)[0] as Tensor, {
        shift,
        scale,
      });
    },
    draws([3, 4]),
  );
  const alone = await compile(() => table.alone())();
  expect(alone.toArray()).toEqual((await table.weight.get()).toArray());
});
