import { captionedShapes, type ShapeScene, sceneCaption, shapeScenes } from "@quire/data";
import type { Sampler } from "@quire/train";
import type { Demonstration, DemonstrationGiven, Frame } from "../demonstration.ts";
import type { Figure } from "../figure.ts";
import { pictureFigure, pictureGrid } from "../tasks/picture-grid.ts";
import { textToImageData } from "../tasks/text-to-image-data.ts";
import { TextToImageSystem } from "../tasks/text-to-image-system.ts";
import type { TextToImageRecipe } from "../tasks/text-to-image-target.ts";
import { describeTextToImage, planTextToImageTraining } from "../tasks/text-to-image-training.ts";
import { build, type PixArtOptions } from "./model.ts";
import { paper } from "./paper.ts";

const SIDE = 12;
const PICTURES = 416;
/** Steps from noise to a picture, all of them shown. */
const STEPS = 8;
/** Epochs after which it draws. */
const EVERY = 3;

/** Large shapes of four colours on black: 16 captions. */
const scenes: readonly ShapeScene[] = shapeScenes.filter(
  ({ size, colour, background }) =>
    size === "large" && colour !== "white" && background === "black",
);
/** One of each colour and each shape. */
const asked = [0, 5, 10, 15].map((place) => scenes[place] as ShapeScene);

const small: PixArtOptions = {
  ...{ width: 48, depth: 3, heads: 4, patch: 3, modulation: "single" },
  text: { width: 24, depth: 1, heads: 2 },
  latents: "pixels",
};

const recipe: TextToImageRecipe = {
  ...paper.recipe,
  ...{ epochs: 36, batchSize: 32, learningRate: 4e-3, warmUp: 1, average: 0.95 },
  ...{ autoencoderEpochs: 0, priorEpochs: 0 },
};

const samplers: Readonly<Record<string, Sampler>> = {
  "DPM-Solver++": { kind: "dpm" },
  DDIM: { kind: "ddim" },
  DDPM: { kind: "ddpm" },
};

/** A small PixArt-α that learns to draw shapes by their captions. */
export const demonstration: Demonstration = {
  title: "A diffusion transformer that learns to draw what is said",
  summary:
    "It sees 400 pictures of shapes with captions such as “a large red circle on black”, and learns to take noise away. " +
    "Beside each caption stands how a picture of it comes out of noise, step by step; every few epochs it tries again.",
  controls: {
    guidance: {
      setting: {
        kind: "number",
        summary: "How strongly captions are followed: 1 as they were learned",
        from: 0,
        to: 8,
      },
      initial: 3,
    },
    sampler: {
      setting: {
        kind: "choice",
        summary: `The way from noise, in ${STEPS} steps`,
        words: Object.keys(samplers),
      },
      initial: "DPM-Solver++",
    },
    modulation: {
      setting: {
        kind: "choice",
        summary: "How time changes the blocks: one adaLN for all, one in each, or not",
        words: ["single", "block", "none"],
      },
      initial: "single",
    },
  },
  run,
};

async function* run({
  values,
  seed,
  signal,
  onSystem,
}: DemonstrationGiven): AsyncGenerator<Frame, void, undefined> {
  const { pictures } = captionedShapes({ size: SIDE, count: PICTURES, seed, scenes });
  const data = textToImageData(pictures, { validation: 32 / PICTURES, vocabulary: 300, seed });
  const options: PixArtOptions = {
    ...small,
    modulation: values["modulation"] as PixArtOptions["modulation"],
  };
  const description = describeTextToImage({ paper: paper.id, options, data });
  const system = new TextToImageSystem(
    build(options, description.target),
    description,
    data.tokenizer,
  );
  onSystem?.(system);
  const plan = planTextToImageTraining(system, { data, recipe, seed });
  const { training, epochs, batches, average } = plan;
  const drawing = {
    ...{ steps: STEPS, seed, guidance: Number(values["guidance"]) },
    sampler: samplers[String(values["sampler"])] ?? { kind: "dpm" },
  } as const;
  try {
    for await (const event of training.run({ epochs, batches })) {
      if (signal.aborted) break;
      if (event.type !== "epoch") continue;
      const step = event.epoch + 1;
      const frame = { step, steps: epochs, values: { loss: event.loss } };
      if (step % EVERY !== 0) yield frame;
      else {
        await average?.swap();
        const figures = await drawnFigures(system, drawing).finally(() => average?.swap());
        yield { ...frame, figures };
      }
    }
  } finally {
    if (await average?.hasBegun()) await average?.swap();
    await training.release();
  }
}

/** Pictures coming out of noise: a caption a row, a step a column. */
async function drawnFigures(
  system: TextToImageSystem,
  drawing: Parameters<TextToImageSystem["draw"]>[1],
): Promise<Figure[]> {
  const prompts = asked.map(sceneCaption);
  const columns: Uint8Array[] = [];
  for await (const step of system.draw(prompts, drawing)) columns.push(await step.pictures());
  const bytes = SIDE * SIDE * 3;
  const cells = new Uint8Array(prompts.length * columns.length * bytes);
  columns.forEach((column, place) => {
    for (let row = 0; row < prompts.length; row++) {
      const own = column.subarray(row * bytes, (row + 1) * bytes);
      cells.set(own, (row * columns.length + place) * bytes);
    }
  });
  const size = { height: SIDE, width: SIDE, channels: 3 };
  return [
    pictureFigure(pictureGrid(cells, size, columns.length), 3, {
      title: "From noise to a picture",
      caption: `A row each: ${prompts.join("; ")}.`,
    }),
  ];
}
