import type { Dataset } from "@quire/data";
import { imageFolder } from "@quire/data/files";
import {
  describeImageModel,
  type ImageClassificationPaper,
  ImageClassifier,
  type ImageRecipe,
  presetFor,
  recipeFor,
} from "@quire/papers";
import { command, type sharedOptions } from "../command.ts";
import type { Console } from "../console.ts";
import { UsageError } from "../errors.ts";
import { checkWritable } from "../files.ts";
import { suggestion } from "../nearest.ts";
import { choice, number, required, text, type Values, whole, withDefault } from "../option.ts";
import { loadBuild, loadPaper } from "../papers.ts";
import { checkName, createRun, RUNS, writeConfig } from "../run-folder.ts";
import { trainInto } from "../training.ts";

const options = {
  data: required(text("FOLDER", "A folder that holds one folder of pictures for each class")),
  epochs: whole("Times that all pictures are seen; chosen by their number unless said", {
    from: 1,
    to: 100_000,
  }),
  batchSize: whole("Pictures a step; chosen by their number unless said", { from: 1, to: 65_536 }),
  learningRate: number("The highest learning rate; the paper's unless said", { above: 0 }),
  preset: text("NAME", "Size of the system; chosen by the pictures' size unless said"),
  size: whole(
    "Side in pixels that pictures are scaled and cut to; their own, at most 64, unless said",
    {
      from: 4,
      to: 4096,
    },
  ),
  validation: withDefault(
    number("Share of the pictures that is kept apart to measure", { above: 0, to: 0.9 }),
    0.2,
  ),
  augment: withDefault(
    choice("Random changes of the training pictures: the paper's, or none", ["paper", "none"]),
    "paper",
  ),
  name: text("NAME", "Name of the run; the paper's with a number unless said"),
  out: withDefault(text("FOLDER", "Folder of the runs"), RUNS),
};

/** Pixels a side that pictures keep at most unless the user gives a size: more would train slowly. */
const LARGEST_SIDE = 64;

type TrainOptions = Values<typeof options & typeof sharedOptions>;

/** Trains a paper's system on the user's pictures. */
export const trainCommand = command({
  name: "train",
  summary: "Train a paper's system on your own pictures",
  arguments: [{ name: "PAPER", summary: "The paper's id, such as cct" }],
  options,
  examples: [
    "quire train cct --data flowers --epochs 3",
    "quire train cct --data flowers --size 32 --preset small --name first",
  ],
  run: async ([id = ""], given, context) => {
    const paper = await loadPaper(id);
    checkPreset(paper, given.preset);
    if (given.name !== undefined) checkName(given.out, given.name);
    await checkWritable(given.out);
    const all = await readData(given, context.console);
    const { train, test: validation } = all.split({
      fraction: given.validation,
      seed: given.seed,
    });
    const preset = given.preset ?? presetFor(paper.presets, all);
    const classifier = await classifierFor(paper, preset, train);
    const recipe = resolvedRecipe(paper.recipe, train.size, given);
    const folder = await createRun(given.out, paper.id, given.name);
    const sizes = { train: train.size, validation: validation.size };
    await writeConfig(folder, {
      model: classifier.description,
      training: {
        ...{ recipe, seed: given.seed, folder: given.data, apart: given.validation },
        ...sizes,
      },
      words: context.words,
    });
    await trainInto(folder, { classifier, recipe, train, validation, seed: given.seed }, context);
  },
});

function checkPreset({ id, presets }: ImageClassificationPaper, preset: string | undefined): void {
  const names = Object.keys(presets);
  if (preset === undefined || names.includes(preset)) return;
  const end = suggestion(preset, names, `"quire show ${id}" lists them.`);
  throw new UsageError(`unknown preset ${preset} for ${id}${end}`);
}

async function readData({ data, size }: TrainOptions, console: Console): Promise<Dataset> {
  const progress = console.progress("reading");
  const dataset = await imageFolder(data, {
    ...(size === undefined ? { largest: LARGEST_SIDE } : { size }),
    progress: ({ stage, done, total }) =>
      progress.update((done / total + (stage === "reading" ? 1 : 0)) / 2, `${total} pictures`),
    note: (sentence) => console.note(sentence.replace("pass a size", "pass --size")),
  }).finally(progress.finish);
  return dataset;
}

async function classifierFor(
  paper: ImageClassificationPaper,
  preset: string,
  train: Dataset,
): Promise<ImageClassifier> {
  const settings = paper.presets[preset]?.options ?? {};
  const description = describeImageModel({ paper: paper.id, preset, options: settings, train });
  const build = await loadBuild(paper.id);
  return new ImageClassifier(build(settings, description.target), description);
}

function resolvedRecipe(recipe: ImageRecipe, images: number, given: TrainOptions): ImageRecipe {
  const cut = recipeFor(recipe, images);
  return {
    ...cut,
    epochs: given.epochs ?? cut.epochs,
    batchSize: given.batchSize ?? cut.batchSize,
    learningRate: given.learningRate ?? cut.learningRate,
    augment: given.augment === "none" ? {} : cut.augment,
  };
}
