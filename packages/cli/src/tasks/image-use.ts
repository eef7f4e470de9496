import { relative } from "node:path";
import { type Dataset, imageTensor } from "@quire/data";
import { imageFolder } from "@quire/data/files";
import {
  bootstrapInterval,
  type ImageClassifier,
  type ImageModelDescription,
  type ImagePrediction,
  shareInterval,
} from "@quire/papers";
import type { HostTensor } from "@quire/tensor";
import { UsageError } from "../errors.ts";
import { percent } from "../numbers.ts";
import { picturesAt, readPictures } from "../pictures.ts";
import { table } from "../table.ts";
import type { EvaluateSpec, Evaluation, PredictSpec, ReadingContext } from "./task.ts";

/** How many classes a line shows beside the likeliest one. */
const SHOWN = 3;

/** Says what a classifier sees in pictures. */
export const predictImages: PredictSpec<ImageClassifier, Record<never, never>> = {
  data: { value: "IMAGE|FOLDER", summary: "A picture, or a folder of pictures" },
  options: {},
  examples: [
    "quire predict runs/cct-1 --data new.png",
    "quire predict cct-1 --data holiday --json > classes.json",
  ],
  run: async (classifier, path, _options, { console }) => {
    const pictures = picturesAt(path);
    const { classes, target } = classifier.description;
    const progress = console.progress("reading");
    const images = await readPictures(pictures, target, progress.update).finally(progress.finish);
    const predictions = await classifier.predict(images);
    const rows = predictions.map((prediction, i) => [
      pictureName(pictures[i] as string),
      prediction.label,
      ...othersOf(prediction, classes),
    ]);
    const titles = ["picture", "class", "probability", "then"];
    console.print(
      table(
        titles.map((title) => ({ title })),
        rows,
      ),
    );
    console.result({
      predictions: predictions.map(({ label, probabilities }, i) => ({
        picture: pictures[i],
        class: label,
        probabilities: Object.fromEntries(classes.map((of, k) => [of, probabilities[k]])),
      })),
    });
  },
};

/** Measures a classifier on pictures in class folders. */
export const evaluateImages: EvaluateSpec<ImageClassifier> = {
  data: { value: "FOLDER", summary: "A folder that holds one folder of pictures for each class" },
  run: async (classifier, path, { console, seed }) => {
    const pictures = await labelledPictures(path, classifier.description, console);
    return await imageEvaluation(classifier, pictures, seed);
  },
};

/** Measures a classifier on pictures. */
export async function imageEvaluation(
  classifier: ImageClassifier,
  pictures: Dataset,
  seed: number,
): Promise<Evaluation> {
  const { accuracy, loss, losses } = await classifier.evaluate(pictures);
  const { size } = pictures;
  const meanLoss = (places: Uint32Array): number =>
    places.reduce((sum, place) => sum + (losses[place] as number), 0) / size;
  return {
    ...{ count: size, what: "pictures" },
    metrics: [
      {
        ...{ name: "accuracy", as: "share", better: "higher", value: accuracy },
        interval: shareInterval(Math.round(accuracy * size), size),
      },
      {
        ...{ name: "loss", as: "number", better: "lower", value: loss },
        interval: bootstrapInterval(size, meanLoss, { seed }),
      },
    ],
  };
}

/** So many pictures show between which values a model's inputs stand. */
const EXAMPLES = 100;

/** Pictures from all over a data set, one at a time. */
export function* imageInputs(
  { description: { target } }: ImageClassifier,
  { images, size, imageBytes }: Dataset,
): Generator<[HostTensor]> {
  const step = Math.max(1, Math.floor(size / EXAMPLES));
  for (let place = 0; place < size; place += step) {
    yield [imageTensor(images.subarray(place * imageBytes, (place + 1) * imageBytes), target)];
  }
}

function pictureName(path: string): string {
  const short = relative(".", path);
  return short.startsWith("..") ? path : short;
}

function othersOf({ probabilities }: ImagePrediction, classes: readonly string[]): string[] {
  const sorted = probabilities
    .map((probability, place) => ({ label: classes[place] ?? "", probability }))
    .sort((a, b) => b.probability - a.probability);
  const [first, ...others] = sorted.slice(0, SHOWN);
  const rest = others.map(({ label, probability }) => `${label} ${percent(probability)}`);
  return [percent(first?.probability ?? 0), rest.join(", ")];
}

/**
 * Pictures in class folders, as a classifier takes them.
 *
 * @throws UsageError when their classes are not the classifier's.
 */
export async function labelledPictures(
  path: string,
  { target, classes }: ImageModelDescription,
  console: ReadingContext["console"],
): Promise<Dataset> {
  const progress = console.progress("reading");
  const all = await imageFolder(path, {
    size: { height: target.height, width: target.width },
    channels: target.channels === 1 ? 1 : 3,
    progress: ({ stage, done, total }) =>
      progress.update((done / total + (stage === "reading" ? 1 : 0)) / 2),
  }).finally(progress.finish);
  if (all.classes.join("\n") === classes.join("\n")) return all;
  throw new UsageError(
    `"${path}" has the classes ${all.classes.join(", ")}, the run has ${classes.join(", ")}: give pictures of its classes.`,
  );
}
