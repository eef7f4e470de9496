import { relative } from "node:path";
import type { ImagePrediction } from "@quire/papers";
import { command } from "../command.ts";
import { percent } from "../numbers.ts";
import { required, text } from "../option.ts";
import { picturesAt, readPictures } from "../pictures.ts";
import { openRun } from "../run-folder.ts";
import { table } from "../table.ts";

/** How many classes a line shows beside the likeliest one. */
const SHOWN = 3;

/** Says what a trained run sees in pictures. */
export const predictCommand = command({
  name: "predict",
  summary: "Say what a trained run sees in a picture, or in every picture of a folder",
  arguments: [{ name: "RUN", summary: "The run's folder, or its name in runs" }],
  options: { data: required(text("IMAGE|FOLDER", "A picture, or a folder of pictures")) },
  examples: [
    "quire predict runs/cct-1 --data new.png",
    "quire predict cct-1 --data holiday --json > classes.json",
  ],
  run: async ([name = ""], { data }, { console }) => {
    const pictures = picturesAt(data);
    const { classifier } = await openRun(name);
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
});

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
