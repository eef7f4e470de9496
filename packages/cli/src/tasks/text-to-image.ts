import { join } from "node:path";
import type { CaptionedPictures } from "@quire/data";
import { readCaptionedPictures, readTokenizer } from "@quire/data/files";
import {
  describeTextToImage,
  type PictureBatch,
  picturesAt,
  planTextToImageTraining,
  RecordTokenizer,
  type TextToImageData,
  type TextToImageDescription,
  type TextToImageNetwork,
  type TextToImageRecipe,
  TextToImageSystem,
  textToImageData,
  textToImagePresetFor,
  textToImageRecipeFor,
} from "@quire/papers";
import { type HostTensor, hostTensor, Random } from "@quire/tensor";
import { UsageError } from "../errors.ts";
import { count } from "../numbers.ts";
import { number, text, whole, withDefault } from "../option.ts";
import { textToImageSections } from "../report/text-to-image-sections.ts";
import { fingerprintOf } from "./fingerprint.ts";
import { type ReadingContext, task } from "./task.ts";
import { evaluatePictures, pictureEvaluation, predictDrawings } from "./text-to-image-use.ts";

/** Pixels a side that pictures keep at most unless the user gives a size: more would train slowly. */
const LARGEST_SIDE = 32;

const options = {
  size: whole(
    "Side in pixels that pictures are scaled and cut to; their own, at most 32, unless said",
    { from: 8, to: 4096 },
  ),
  fileColumn: text(
    "COLUMN",
    "The column of pictures' files in a table; found by its name unless said",
  ),
  captionColumn: text("COLUMN", "The column of captions in a table; found by its name unless said"),
  vocabulary: withDefault(
    whole("The most tokens of the tokenizer that is trained on the captions", {
      from: 260,
      to: 1_000_000,
    }),
    1024,
  ),
  captionLength: whole("The most tokens of a caption; the longest one's, at most 48, unless said", {
    from: 1,
    to: 1024,
  }),
  validation: withDefault(
    number("Share of the pictures that is kept apart to measure", { above: 0, to: 0.9 }),
    0.1,
  ),
};

/** Captions in, pictures out. */
export const textToImage = task<
  typeof options,
  TextToImageData,
  TextToImageSystem,
  PictureBatch,
  typeof predictDrawings.options
>({
  name: "text-to-image",
  title: "text to image",
  data: {
    value: "FOLDER|TABLE",
    summary:
      "A folder of pictures, each with a .txt file of its caption, or a table of files and captions",
  },
  options,
  recipe: {
    autoencoderEpochs: {
      kind: "whole",
      summary: "Epochs of the autoencoder, where the system has one",
      from: 0,
    },
    priorEpochs: {
      kind: "whole",
      summary: "Epochs in which pictures alone are learned, before captions",
      from: 0,
    },
    average: {
      kind: "number",
      summary: "Decay of the running average of the weights, which is drawn with",
      from: 0,
      to: 0.999_999,
    },
  },
  examples: [
    "quire train pixart-alpha --data stamps",
    "quire train pixart-alpha --data captions.csv --size 32 --epochs 100",
    "quire train pixart-alpha --data best --from pixart-alpha-1 --size 64",
  ],
  read: async (path, given, { seed, console, start }) => {
    const pictures = await readPictures(path, given, console);
    const { validation, vocabulary, captionLength } = given;
    // Weights know their own tokens alone.
    const known = start && (await readTokenizer(join(start.folder, "tokenizer.json")));
    const length = known
      ? (start.description as TextToImageDescription).target.length
      : captionLength;
    return textToImageData(pictures, {
      ...{ validation, vocabulary, seed },
      ...(length !== undefined && { length }),
      ...(known && { tokenizer: new RecordTokenizer(known) }),
    });
  },
  fingerprint: ({ tokenizer, train, validation }) =>
    fingerprintOf(
      tokenizer.text,
      ...[train, validation].flatMap(({ pictures, ids }) => [pictures.images, ids]),
    ),
  presetFor: ({ presets }, { train: { pictures } }) =>
    textToImagePresetFor(presets, Math.max(pictures.height, pictures.width)),
  recipeFor: ({ recipe }, { train }, epochs) =>
    textToImageRecipeFor(recipe as TextToImageRecipe, train.pictures.size, epochs),
  begin: ({ paper, build, preset, settings, data, ...making }) => {
    const { extras, seed } = making;
    const recipe = making.recipe as TextToImageRecipe;
    const description = describeTextToImage({ paper: paper.id, preset, options: settings, data });
    const model = build(settings, description.target) as TextToImageNetwork;
    requireWhole(model, preset);
    const system = new TextToImageSystem(model, description, data.tokenizer);
    const plan = planTextToImageTraining(system, { data, recipe, extras, seed });
    const { height, width, channels } = description.target;
    const [learnt, measured] = [data.train.pictures.size, data.validation.pictures.size];
    const kind = channels === 1 ? "grey" : "colour";
    const before = plan.epochs - recipe.epochs;
    return {
      ...{ system, plan },
      next: (run) => `sample ${run} --prompt "CAPTION"`,
      facts: [
        ["pictures", `${count(learnt)} to train, ${count(measured)} to measure`],
        ["of", `${height} x ${width} pixels, ${kind}`],
        [
          "captions",
          `of ${count(data.tokenizer.size)} kinds of tokens, at most ${data.train.length}`,
        ],
        ...(before === 0 ? [] : [["before", `${stagesText(model, recipe, before)}`] as const]),
      ],
    };
  },
  open: async ({ description, build, folder, compile = {} }) => {
    const { options: settings, target } = description;
    const tokenizer = new RecordTokenizer(await readTokenizer(join(folder, "tokenizer.json")));
    const model = build(settings, target) as TextToImageNetwork;
    return new TextToImageSystem(model, description as TextToImageDescription, tokenizer, compile);
  },
  measure: (system, { validation }) => pictureEvaluation(system, validation),
  inputs: (system, { train }) => drawingInputs(system, train),
  report: (system, { validation }) => textToImageSections(system, validation),
  predict: predictDrawings,
  evaluate: evaluatePictures,
});

/** What is trained before captions, for the user to see. */
function stagesText(
  { autoencoder }: TextToImageNetwork,
  { autoencoderEpochs }: TextToImageRecipe,
  before: number,
): string {
  const own = autoencoder ? Math.min(before, autoencoderEpochs) : 0;
  const first = own > 0 ? [`${own} of the autoencoder`] : [];
  const second = before > own ? [`${before - own} of pictures alone`] : [];
  return `${[...first, ...second].join(", ")} (epochs)`;
}

/** Refuses a size whose text encoder or autoencoder stays outside. */
function requireWhole(model: TextToImageNetwork, preset: string): void {
  if (model.isWhole) return;
  throw new UsageError(
    `the preset ${preset} takes states of a text encoder and latents of an autoencoder that are not part of it: train another one, such as small.`,
  );
}

async function readPictures(
  path: string,
  given: {
    readonly size: number | undefined;
    readonly fileColumn: string | undefined;
    readonly captionColumn: string | undefined;
  },
  console: ReadingContext["console"],
): Promise<CaptionedPictures> {
  const { size, fileColumn, captionColumn } = given;
  const progress = console.progress("reading");
  return await readCaptionedPictures(path, {
    ...(size === undefined ? { largest: LARGEST_SIDE } : { size }),
    columns: {
      ...(fileColumn !== undefined && { file: fileColumn }),
      ...(captionColumn !== undefined && { caption: captionColumn }),
    },
    progress: ({ stage, done, total }) =>
      progress.update((done / total + (stage === "reading" ? 1 : 0)) / 2, `${total} pictures`),
    note: (sentence) => console.note(sentence.replace("pass a size", "pass --size")),
  }).finally(progress.finish);
}

/** So many calls show between which values a network's inputs stand. */
const EXAMPLES = 100;

/** Noised pictures at times from all over, one at a time, as the exported file takes them. */
function* drawingInputs(
  system: TextToImageSystem,
  train: TextToImageData["train"],
): Generator<[HostTensor, HostTensor, HostTensor]> {
  const { steps, schedule } = system.model.diffusion;
  const random = new Random(0);
  const all = Math.min(EXAMPLES, train.pictures.size);
  for (let i = 0; i < all; i++) {
    const { ids } = picturesAt(train, [Math.floor((i * train.pictures.size) / all)]);
    const time = Math.floor(((i + 0.5) / all) * steps);
    const shape = [1, ...system.model.values];
    const sigma = schedule.at(time).sigma;
    const size = shape.reduce((product, side) => product * side, 1);
    const noised = Float32Array.from({ length: size }, () => sigma * random.normal());
    yield [hostTensor(noised, shape), hostTensor(Float32Array.of(time), [1]), ids];
  }
}
