import { join } from "node:path";
import { type Dataset, imageFolder } from "@quire/data";
import { countParameters } from "@quire/nn";
import {
  type BatchProgress,
  describeImageModel,
  type ImageClassificationPaper,
  ImageClassifier,
  type ImageRecipe,
  type ImageTraining,
  presetFor,
  recipeFor,
  trainImageClassifier,
} from "@quire/papers";
import { type Context, command, type sharedOptions } from "../command.ts";
import type { Console } from "../console.ts";
import { UsageError } from "../errors.ts";
import { checkWritable, writeWhole } from "../files.ts";
import { suggestion } from "../nearest.ts";
import { count, duration, percent } from "../numbers.ts";
import { choice, number, required, text, type Values, whole, withDefault } from "../option.ts";
import { loadBuild, loadPaper } from "../papers.ts";
import type { Progress } from "../progress.ts";
import { runReport } from "../report/run-report.ts";
import { addMetrics, checkName, createRun, RUNS, runFiles, writeConfig } from "../run-folder.ts";
import { exportClassifier, saveWeights } from "../saving.ts";

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

/** Milliseconds of training that are lost at most, beside an epoch, when the process is killed. */
const SAVE_EVERY = 10_000;

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
      training: { recipe, seed: given.seed, folder: given.data, ...sizes },
      words: context.words,
    });
    const run = { folder, classifier, recipe, train, validation, seed: given.seed };
    context.console.note(plan(run, preset));
    const training = await trained(run, context);
    await finish(run, training, context.console);
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

interface Run {
  readonly folder: string;
  readonly classifier: ImageClassifier;
  readonly recipe: ImageRecipe;
  readonly train: Dataset;
  readonly validation: Dataset;
  readonly seed: number;
}

function plan({ classifier, recipe, train, validation, folder }: Run, preset: string): string {
  const { height, width, channels, classes } = classifier.description.target;
  const kind = channels === 1 ? "grey" : "colour";
  return (
    `${preset}, ${count(countParameters(classifier.model))} parameters, for ${classes} classes of ` +
    `${kind} pictures of ${height} x ${width}.\n` +
    `${count(train.size)} pictures to train, ${count(validation.size)} to measure; ` +
    `${recipe.epochs} ${recipe.epochs === 1 ? "epoch" : "epochs"}, batches of ${recipe.batchSize}, learning rate ${recipe.learningRate}, ` +
    `into ${folder}.`
  );
}

async function trained(run: Run, { console, interruptible }: Context): Promise<ImageTraining> {
  const { folder, classifier, recipe, train, validation, seed } = run;
  const progress = console.progress("training");
  const speed = speedometer();
  let accuracy: number | undefined;
  let saved = performance.now();
  return await trainImageClassifier(classifier, {
    ...{ train, validation, recipe, seed, signal: interruptible() },
    onBatch: (batch) => showBatch(progress, batch, speed(batch.images), accuracy),
    onEpoch: async (point) => {
      accuracy = point.values["accuracy"];
      await addMetrics(folder, point);
      if (performance.now() - saved < SAVE_EVERY) return;
      await saveWeights(folder, classifier);
      saved = performance.now();
    },
  }).finally(progress.finish);
}

/** Images a second since the first batch, which is not counted because it compiles. */
function speedometer(): (images: number) => number | undefined {
  let seen = 0;
  let began: number | undefined;
  return (images) => {
    if (began === undefined) {
      began = performance.now();
      return undefined;
    }
    seen += images;
    return (1000 * seen) / (performance.now() - began);
  };
}

function showBatch(
  progress: Progress,
  { epoch, epochs, batch, batches, loss }: BatchProgress,
  speed: number | undefined,
  accuracy: number | undefined,
): void {
  const words = [
    `epoch ${epoch}/${epochs}`,
    `loss ${loss.toFixed(3)}`,
    ...(accuracy === undefined ? [] : [`accuracy ${percent(accuracy)}`]),
    ...(speed === undefined ? [] : [`${count(Math.round(speed))} images/s`]),
  ];
  progress.update((epoch - 1 + batch / batches) / epochs, words.join(", "));
}

async function finish(run: Run, training: ImageTraining, console: Console): Promise<void> {
  const { folder, classifier, recipe, train, validation } = run;
  const { evaluation, points, seconds, stopped } = training;
  await saveWeights(folder, classifier);
  await exportClassifier(join(folder, runFiles.onnx), classifier);
  const parameters = countParameters(classifier.model);
  const facts = [
    ["system", `${classifier.description.paper}, ${classifier.description.preset}`],
    ["parameters", count(parameters)],
    ["pictures", `${count(train.size)} to train, ${count(validation.size)} to measure`],
    ["epochs", stopped ? `${points.length} of ${recipe.epochs}, stopped` : `${points.length}`],
    ["time", duration(seconds)],
    ["validation accuracy", percent(evaluation.accuracy)],
    ["validation loss", evaluation.loss.toFixed(3)],
  ] as const;
  const title = `${classifier.description.paper}: ${folder}`;
  const report = await runReport({ title, facts, points, evaluation, validation, classifier });
  await writeWhole(join(folder, runFiles.report), report);
  const state = stopped ? `Stopped in epoch ${points.length + 1} of ${recipe.epochs}` : "Trained";
  console.print(
    [
      `${state}: validation accuracy ${percent(evaluation.accuracy)}, loss ` +
        `${evaluation.loss.toFixed(3)}, after ${duration(seconds)}.`,
      `Wrote ${Object.values(runFiles).join(", ")} to ${folder}.`,
      `Next: quire predict ${folder} --data PICTURE`,
    ].join("\n"),
  );
  console.result({
    run: folder,
    parameters,
    epochs: points.length,
    stopped,
    seconds,
    accuracy: evaluation.accuracy,
    loss: evaluation.loss,
    confusion: evaluation.confusion,
    classes: classifier.description.classes,
  });
}
