import type { Batch, Dataset } from "@quire/data";
import { imageFolder } from "@quire/data/files";
import type { Layer } from "@quire/nn";
import {
  describeImageModel,
  ImageClassifier,
  type ImageModelDescription,
  type ImageRecipe,
  planImageTraining,
  presetFor,
  recipeFor,
} from "@quire/papers";
import { count } from "../numbers.ts";
import { choice, number, whole, withDefault } from "../option.ts";
import { imageSections } from "../report/image-sections.ts";
import { fingerprintOf } from "./fingerprint.ts";
import { evaluateImages, imageEvaluation, imageInputs, predictImages } from "./image-use.ts";
import { type ReadingContext, task } from "./task.ts";

/** Pixels a side that pictures keep at most unless the user gives a size: more would train slowly. */
const LARGEST_SIDE = 64;

const options = {
  size: whole(
    "Side in pixels that pictures are scaled and cut to; their own, at most 64, unless said",
    { from: 4, to: 4096 },
  ),
  validation: withDefault(
    number("Share of the pictures that is kept apart to measure", { above: 0, to: 0.9 }),
    0.2,
  ),
  augment: withDefault(
    choice("Random changes of the training pictures: the paper's, or none", ["paper", "none"]),
    "paper",
  ),
};

/** Pictures to learn from, and pictures to measure on. */
interface Pictures {
  readonly train: Dataset;
  readonly validation: Dataset;
}

/** Pictures in, a class and its probability out. */
export const imageClassification = task<
  typeof options,
  Pictures,
  ImageClassifier,
  Batch,
  Record<never, never>
>({
  name: "image-classification",
  title: "image classification",
  data: { value: "FOLDER", summary: "A folder that holds one folder of pictures for each class" },
  options,
  recipe: {
    labelSmoothing: {
      kind: "number",
      summary: "Share of each label that is spread over all classes",
      from: 0,
      to: 0.9,
    },
    classWeights: {
      kind: "choice",
      summary: "How much each class counts in the loss: as much as it has pictures, or all as much",
      words: ["none", "balanced"],
    },
  },
  examples: [
    "quire train cct --data flowers --epochs 3",
    "quire train cct --data flowers --size 32 --preset small --name first",
  ],
  read: async (path, { size, validation }, { seed, console, start }) => {
    const known = start && sizeOf(start.description as ImageModelDescription);
    const all = await readPictures(path, size ?? known, console);
    const { train, test } = all.split({ fraction: validation, seed });
    return { train, validation: test };
  },
  fingerprint: ({ train, validation }) =>
    fingerprintOf(train.classes.join("\n"), train.images, train.labels, validation.images),
  presetFor: ({ presets }, { train }) => presetFor(presets, train),
  recipeFor: ({ recipe }, { train }) => recipeFor(recipe as ImageRecipe, train.size),
  begin: ({ paper, build, preset, settings, data, ...making }) => {
    const { train, validation } = data;
    const description = describeImageModel({ paper: paper.id, preset, options: settings, train });
    const model = build(settings, description.target) as Layer;
    const classifier = new ImageClassifier(model, description);
    const given = making.recipe as ImageRecipe;
    const recipe = making.options.augment === "none" ? { ...given, augment: {} } : given;
    const { extras, seed } = making;
    const plan = planImageTraining(classifier, { train, validation, recipe, extras, seed });
    const { height, width, channels, classes } = description.target;
    const kind = channels === 1 ? "grey" : "colour";
    return {
      ...{ system: classifier, plan },
      facts: [
        ["pictures", `${count(train.size)} to train, ${count(validation.size)} to measure`],
        ["of", `${classes} classes, ${kind}, ${height} x ${width} pixels`],
      ],
    };
  },
  open: ({ description, build, compile = {} }) => {
    const { options: settings, target } = description;
    const model = build(settings, target) as Layer;
    return new ImageClassifier(model, description as ImageModelDescription, compile);
  },
  measure: (classifier, { validation }, seed) => imageEvaluation(classifier, validation, seed),
  inputs: (classifier, { train }) => imageInputs(classifier, train),
  report: (classifier, { validation }) => imageSections(classifier, validation),
  predict: predictImages,
  evaluate: evaluateImages,
});

/** The size of pictures that a model was made for. */
function sizeOf({ target }: ImageModelDescription): Pick<Dataset, "height" | "width"> {
  const { height, width } = target;
  return { height, width };
}

async function readPictures(
  path: string,
  size: number | Pick<Dataset, "height" | "width"> | undefined,
  console: ReadingContext["console"],
): Promise<Dataset> {
  const progress = console.progress("reading");
  return await imageFolder(path, {
    ...(size === undefined ? { largest: LARGEST_SIDE } : { size }),
    progress: ({ stage, done, total }) =>
      progress.update((done / total + (stage === "reading" ? 1 : 0)) / 2, `${total} pictures`),
    note: (sentence) => console.note(sentence.replace("pass a size", "pass --size")),
  }).finally(progress.finish);
}
