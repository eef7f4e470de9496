import { captionedShapes, DataError } from "@quire/data";
import type { HostTensor } from "@quire/tensor";
import { describe, expect, test } from "vitest";
import { build } from "../pixart-alpha/model.ts";
import { paper } from "../pixart-alpha/paper.ts";
import { pictureGrid } from "./picture-grid.ts";
import { pictureBatches, type picturesAt, textToImageData } from "./text-to-image-data.ts";
import { TextToImageSystem } from "./text-to-image-system.ts";
import type { TextToImageRecipe } from "./text-to-image-target.ts";
import {
  describeTextToImage,
  planTextToImageTraining,
  textToImagePresetFor,
  textToImageRecipeFor,
  trainTextToImage,
} from "./text-to-image-training.ts";

const { pictures } = captionedShapes({ size: 8, count: 40, seed: 1 });
const data = textToImageData(pictures, { validation: 0.2, vocabulary: 300, seed: 1 });

const recipe: TextToImageRecipe = {
  ...{ epochs: 4, batchSize: 8, learningRate: 3e-3, warmUp: 0, weightDecay: 0, average: 0.5 },
  ...{ autoencoderEpochs: 2, priorEpochs: 1 },
};

function made(latents: "pixels" | { channels: number; widths: number[] } = "pixels") {
  const options = {
    ...({ width: 16, depth: 1, heads: 2, patch: 2, modulation: "single" } as const),
    text: { width: 8, depth: 1, heads: 2 },
    latents,
  };
  const description = describeTextToImage({ paper: "pixart-alpha", options, data });
  const network = build(options, description.target);
  return new TextToImageSystem(network, description, data.tokenizer);
}

describe("data", () => {
  test("parts share no picture, and captions are filled up", () => {
    expect(data.train.pictures.size + data.validation.pictures.size).toBe(40);
    const { padding } = data.tokenizer;
    const first = Array.from(data.train.ids.subarray(0, data.train.length));
    const text = data.tokenizer.tokenizer.decode(first.filter((id) => id !== padding));
    expect(text).toBe(data.train.pictures.captions[0]);
  });

  test("too few pictures are refused", () => {
    const few = pictures.subset([0, 1, 2]);
    expect(() => textToImageData(few, { validation: 0.2, vocabulary: 300, seed: 1 })).toThrow(
      new DataError(
        "there are 3 pictures with captions, and to learn from them takes at least 8: add more.",
      ),
    );
  });

  test("batches depend on seed and epoch alone, and begin anywhere", () => {
    const batches = (start: number) => [
      ...pictureBatches(data.train, { size: 8, seed: 3, epoch: 2, start }),
    ];
    expect(batches(0)).toHaveLength(4);
    expect(batches(2)[0]?.ids.data).toEqual(batches(0)[2]?.ids.data);
    const [one] = batches(0) as [ReturnType<typeof picturesAt>];
    const values = one.images.toArray();
    expect(Math.min(...values)).toBeGreaterThanOrEqual(-1);
    expect(Math.max(...values)).toBeLessThanOrEqual(1);
  });
});

describe("drawing", () => {
  test("the same seed draws the same, step by step, and guidance matters", async () => {
    const system = made();
    await trainTextToImage(system, { data, recipe, seed: 1 });
    const prompts = ["a small red circle on black", "a large blue square on purple"];
    const first = await system.drawings(prompts, { steps: 4, seed: 2 });
    expect(first).toHaveLength(2 * 8 * 8 * 3);
    expect(await system.drawings(prompts, { steps: 4, seed: 2 })).toEqual(first);
    expect(await system.drawings(prompts, { steps: 4, seed: 3 })).not.toEqual(first);
    expect(await system.drawings(prompts, { steps: 4, seed: 2, guidance: 1 })).not.toEqual(first);
    const steps: number[] = [];
    const sampler = { kind: "ddpm" } as const;
    for await (const { step } of system.draw(prompts, { steps: 3, sampler })) steps.push(step);
    expect(steps).toEqual([1, 2, 3]);
    await system.release();
  });

  test("an empty prompt is refused", async () => {
    const system = made();
    await expect(system.drawings([" "])).rejects.toThrow(
      'the prompt is empty: say what is to be drawn, such as "a red circle".',
    );
  });

  test("the exported function says what the samplers are told", () => {
    const system = made();
    const { exported } = system;
    expect(Object.keys(exported.inputs)).toEqual(["noised", "times", "ids"]);
    expect(Object.keys(exported.outputs)).toEqual(["said", "free", "share", "pictures"]);
    expect(exported.metadata["prediction"]).toBe("noise");
  });

  test("a grid has its pictures in rows, parted by white", () => {
    const images = Uint8Array.from({ length: 3 * 4 }, (_, i) => i);
    const grid = pictureGrid(images, { height: 2, width: 2, channels: 1 });
    expect([grid.height, grid.width]).toEqual([5, 5]);
    expect(Array.from(grid.images.subarray(0, 10))).toEqual([0, 1, 255, 4, 5, 2, 3, 255, 6, 7]);
    expect(Array.from(grid.images.subarray(15, 20))).toEqual([8, 9, 255, 255, 255]);
  });
});

describe("training", () => {
  test("goes through the autoencoder, pictures alone and captions, and each changes its own", async () => {
    const system = made({ channels: 2, widths: [4, 8] });
    const plan = planTextToImageTraining(system, { data, recipe, seed: 1 });
    expect(plan.epochs).toBe(2 + 1 + 4);
    const found: Readonly<Record<string, number>>[] = [];
    const { autoencoder, transformer } = system.model as ReturnType<typeof build>;
    const tensors = async () => ({
      autoencoder: await numbersOf(autoencoder?.inward.weight),
      transformer: await numbersOf(transformer.patches.projection.weight),
    });
    const seen: Awaited<ReturnType<typeof tensors>>[] = [];
    for await (const event of plan.training.run({
      ...{ epochs: plan.epochs, batches: plan.batches, evaluate: plan.evaluate },
    })) {
      if (event.type !== "epoch") continue;
      found.push(event.metrics);
      seen.push(await tensors());
    }
    expect(found.map((metrics) => Object.keys(metrics)[0])).toEqual([
      ...["pictureLoss", "pictureLoss", undefined],
      ...[undefined, undefined, undefined, "validationLoss"],
    ]);
    expect(seen[0]?.autoencoder).not.toEqual(seen[1]?.autoencoder);
    expect(seen[1]?.autoencoder).toEqual(seen[6]?.autoencoder);
    expect(seen[1]?.transformer).toEqual(seen[2]?.transformer);
    expect(seen[2]?.transformer).not.toEqual(seen[3]?.transformer);
    const deviation = (await system.model.latentDeviation?.get())?.toArray() ?? [];
    expect(deviation.every((value) => value !== 1)).toBe(true);
    const [channels, height, width] = system.model.values;
    expect([channels, height, width]).toEqual([2, 4, 4]);
    expect(await system.drawings(["a red circle"], { steps: 3 })).toHaveLength(8 * 8 * 3);
    await plan.training.release();
    await system.release();
  });

  test("a run that begins with known weights has the last stage alone", () => {
    const plan = planTextToImageTraining(made({ channels: 2, widths: [4, 8] }), {
      ...{ data, recipe, seed: 1, extras: { isKnown: () => true } },
    });
    expect(plan.epochs).toBe(4);
  });

  test("lowers the loss, which is the same for the same weights", async () => {
    const system = made();
    const before = (await system.evaluate(data.validation)).loss;
    expect((await system.evaluate(data.validation)).loss).toBe(before);
    const other = made();
    const longer = { ...recipe, epochs: 30, priorEpochs: 0 };
    await trainTextToImage(other, { data, recipe: longer, seed: 1 });
    expect((await other.evaluate(data.validation)).loss).toBeLessThan(0.8 * before);
  });

  test("recipes and presets are cut to the pictures", () => {
    expect(textToImageRecipeFor(paper.recipe, 1000)).toMatchObject({
      ...{ epochs: 200, batchSize: 64, priorEpochs: 40, autoencoderEpochs: 40 },
    });
    expect(textToImageRecipeFor(paper.recipe, 1000, 50)).toMatchObject({
      ...{ epochs: 50, priorEpochs: 10, autoencoderEpochs: 10 },
    });
    expect(textToImageRecipeFor(paper.recipe, 1000, 500)).toMatchObject({ priorEpochs: 40 });
    expect(textToImageRecipeFor(paper.recipe, 20)).toMatchObject({ epochs: 2000, batchSize: 4 });
    expect(textToImagePresetFor(paper.presets, 16)).toBe("small");
    expect(textToImagePresetFor(paper.presets, 32)).toBe("latent");
    expect(textToImagePresetFor(paper.presets, 256)).toBe("latent-4");
  });
});

async function numbersOf(
  variable: { get(): Promise<HostTensor> } | undefined,
): Promise<readonly number[]> {
  return (await variable?.get())?.toArray() ?? [];
}

test("a caption's picture is measured at times from all over", async () => {
  const system = made();
  const { losses, loss } = await system.evaluate(data.validation);
  expect(losses).toHaveLength(data.validation.pictures.size);
  // Nothing is foretold at first: the error is that of normal noise.
  expect(loss).toBeCloseTo(1, 1);
});
