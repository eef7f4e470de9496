import { join } from "node:path";
import type { Dataset } from "@quire/data";
import { countParameters } from "@quire/nn";
import {
  type BatchProgress,
  evenBatches,
  type ImageClassifier,
  type ImageRecipe,
  type ImageTraining,
  trainImageClassifier,
} from "@quire/papers";
import type { Context } from "./command.ts";
import type { Console } from "./console.ts";
import { writeWhole } from "./files.ts";
import { count, duration, percent } from "./numbers.ts";
import type { Progress } from "./progress.ts";
import { runReport } from "./report/run-report.ts";
import { addMetrics, runFiles } from "./run-folder.ts";
import { exportSystem, saveWeights } from "./saving.ts";

/** What is trained, on what and how. */
export interface TrainingPlan {
  readonly classifier: ImageClassifier;
  readonly recipe: ImageRecipe;
  readonly train: Dataset;
  readonly validation: Dataset;
  readonly seed: number;
}

/** Milliseconds of training that are lost at most, beside an epoch, when the process is killed. */
const SAVE_EVERY = 10_000;

/** Trains into a run's folder, shows how far it is, and leaves weights, ONNX file and report there. */
export async function trainInto(
  folder: string,
  plan: TrainingPlan,
  context: Context,
): Promise<void> {
  context.console.note(`${planText(plan)}, into ${folder}.`);
  const training = await trained(folder, plan, context);
  await finish(folder, plan, training, context.console);
}

function planText({ classifier, recipe, train, validation }: TrainingPlan): string {
  const { height, width, channels, classes } = classifier.description.target;
  const kind = channels === 1 ? "grey" : "colour";
  return (
    `${classifier.description.preset}, ${count(countParameters(classifier.model))} parameters, for ${classes} classes of ` +
    `${kind} pictures of ${height} x ${width}.\n` +
    `${count(train.size)} pictures to train, ${count(validation.size)} to measure; ` +
    `${recipe.epochs} ${recipe.epochs === 1 ? "epoch" : "epochs"}, batches of ${recipe.batchSize}, learning rate ${recipe.learningRate}`
  );
}

async function trained(
  folder: string,
  { classifier, recipe, train, validation, seed }: TrainingPlan,
  { console, interruptible }: Context,
): Promise<ImageTraining> {
  const progress = console.progress("training");
  const speed = speedometer();
  const images = evenBatches(train.size, recipe.batchSize).size;
  let accuracy: number | undefined;
  let saved = performance.now();
  return await trainImageClassifier(classifier, {
    ...{ train, validation, recipe, seed, signal: interruptible() },
    onBatch: (batch) => showBatch(progress, batch, speed(images), accuracy),
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

async function finish(
  folder: string,
  plan: TrainingPlan,
  training: ImageTraining,
  console: Console,
): Promise<void> {
  const { classifier, recipe, train, validation } = plan;
  const { evaluation, points, seconds, stopped } = training;
  await saveWeights(folder, classifier);
  await exportSystem(join(folder, runFiles.onnx), classifier);
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
