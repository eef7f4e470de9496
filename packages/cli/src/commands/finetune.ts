import { join } from "node:path";
import type { Dataset } from "@quire/data";
import { imageFolder } from "@quire/data/files";
import { type ImageRecipe, recipeFor } from "@quire/papers";
import type { PictureInput } from "@quire/train";
import { command } from "../command.ts";
import type { Console } from "../console.ts";
import { UsageError } from "../errors.ts";
import { checkWritable } from "../files.ts";
import { beginFinetuning } from "../finetune/begin-finetuning.ts";
import { type OpenedModel, openModel } from "../finetune/open-model.ts";
import {
  choice,
  flag,
  number,
  required,
  size,
  text,
  type Values,
  whole,
  withDefault,
} from "../option.ts";
import { checkName, createRun, RUNS, runFiles, writeConfig } from "../run-folder.ts";
import { normalizations } from "../subject/normalization.ts";
import { trainInto } from "../training.ts";

/** Pixels a side that pictures keep at most where neither the model nor the user says. */
const LARGEST_SIDE = 224;

/** A recipe for weights that know something already; its rate is that of the whole model. */
const recipe: ImageRecipe = {
  ...{ epochs: 50, batchSize: 64, learningRate: 1e-3, warmUp: 0.5 },
  ...{ weightDecay: 0.01, clipNorm: 1, labelSmoothing: 0, augment: {} },
};
/** A head that starts from nothing, on features that stay, takes larger steps. */
const HEAD_RATE = 1e-2;

const options = {
  data: required(text("FOLDER", "A folder that holds one folder of pictures for each class")),
  train: withDefault(
    choice("What learns: the head alone, or the whole model", ["head", "all"]),
    "all",
  ),
  newHead: flag("Put a new head on even where the model's own has as many classes"),
  input: text("NAME", "The input that takes the pictures; the only one unless said"),
  output: text("NAME", "The output with a score for each class; the first one unless said"),
  features: text(
    "LAYER",
    "The layer that a new head stands on; the one before the old head unless said",
  ),
  size: size("Pixels of the pictures, where the model takes any: a side, or HEIGHTxWIDTH"),
  normalize: choice(
    "How pictures are normalised, as who made the model did: ImageNet's colours (colour pictures unless said), from -1 to 1 (grey ones unless said), from 0 to 1, from 0 to 255, or by the pictures' own statistics",
    normalizations,
  ),
  epochs: whole("Times that all pictures are seen; chosen by their number unless said", {
    from: 1,
    to: 100_000,
  }),
  batchSize: whole("Pictures a step; chosen by their number unless said", { from: 1, to: 65_536 }),
  learningRate: number(
    `The highest learning rate; ${HEAD_RATE} for the head alone, ${recipe.learningRate} for all unless said`,
    { above: 0 },
  ),
  validation: withDefault(
    number("Share of the pictures that is kept apart to measure", { above: 0, to: 0.9 }),
    0.2,
  ),
  weights: withDefault(
    choice("Which weights the run ends with: the best epoch's, or the last", ["best", "last"]),
    "best",
  ),
  memory: number("GiB that a step may take; what the machine has unless said", { above: 0 }),
  name: text("NAME", "Name of the run; finetune with a number unless said"),
  out: withDefault(text("FOLDER", "Folder of the runs"), RUNS),
};

type FinetuneOptions = Values<typeof options>;

/** Trains a classifier that others made on the user's pictures. */
export const finetuneCommand = command({
  name: "finetune",
  computes: true,
  summary: "Fine-tune a classifier that others made, an ONNX file, on your own pictures",
  arguments: [{ name: "MODEL", summary: "An ONNX file that takes pictures and scores classes" }],
  options,
  examples: [
    "quire finetune resnet.onnx --data flowers",
    "quire finetune resnet.onnx --data flowers --train head --epochs 10",
    "quire finetune text.onnx --data signs --features pool_0 --size 48x192",
  ],
  run: async ([path = ""], values, context) => {
    const { data, seed, name, out, memory } = values;
    if (name !== undefined) checkName(out, name);
    const opened = await openModel(path, values);
    await checkWritable(out);
    const { train, test } = (await readData(opened.input, values, context.console)).split({
      ...{ fraction: values.validation, seed },
    });
    const normalization = values.normalize ?? (train.channels === 3 ? "imagenet" : "half");
    const chosen = recipeOf(train, values);
    const begun = await beginFinetuning({
      ...{ opened, options: partsOf(opened, values), train, validation: test, normalization },
      ...{ trained: values.train, recipe: chosen, seed },
    });
    const folder = await createRun(out, "finetune", name);
    await writeConfig(folder, { model: begun.system.description, words: context.words });
    const config = {
      ...{ data, fingerprint: "", options: {}, preset: values.train, recipe: chosen, extras: {} },
      ...{ seed, keep: 2, weights: values.weights },
    };
    // What was learnt goes on from the file of the run, which normalises pictures itself.
    const goOn = (run: string): string =>
      `quire finetune ${join(run, runFiles.onnx)} --data ${data} --normalize unit`;
    const paper = { id: opened.name };
    await trainInto(folder, { begun, config, paper, memory, goOn }, context);
    const before = begun.facts.find(([what]) => what === "accuracy before")?.[1];
    context.console.print(`Before fine-tuning the accuracy was ${before}.`);
  },
});

function partsOf({ input }: OpenedModel, { output, features, newHead }: FinetuneOptions) {
  return {
    ...{ input: input.name, newHead },
    ...(output !== undefined && { output }),
    ...(features !== undefined && { features }),
  };
}

function recipeOf({ size }: Dataset, values: FinetuneOptions): ImageRecipe {
  const cut = recipeFor(recipe, size);
  const rate = values.train === "head" ? HEAD_RATE : cut.learningRate;
  return {
    ...cut,
    epochs: values.epochs ?? cut.epochs,
    batchSize: values.batchSize ?? cut.batchSize,
    learningRate: values.learningRate ?? rate,
  };
}

/** The pictures, of the size and the channels that the model takes. */
async function readData(
  input: PictureInput,
  { data, size }: FinetuneOptions,
  console: Console,
): Promise<Dataset> {
  const { channels } = input;
  const [height, width] = [input.height ?? size?.height, input.width ?? size?.width];
  if (size && (height !== size.height || width !== size.width)) {
    throw new UsageError(
      `the model takes pictures of ${height} x ${width}, not ${size.height} x ${size.width}: leave --size out.`,
    );
  }
  const known = height !== undefined && width !== undefined && { size: { height, width } };
  if (!known && (height ?? width) !== undefined) {
    const side = height === undefined ? `a width of ${width}` : `a height of ${height}`;
    throw new UsageError(
      `the model takes pictures with ${side} and leaves the other side free: say both with --size HEIGHTxWIDTH.`,
    );
  }
  const progress = console.progress("reading");
  return await imageFolder(data, {
    ...{ channels, ...(known || { largest: LARGEST_SIDE }) },
    progress: ({ stage, done, total }) =>
      progress.update((done / total + (stage === "reading" ? 1 : 0)) / 2, `${total} pictures`),
    note: (sentence) => console.note(sentence.replace("pass a size", "pass --size")),
  }).finally(progress.finish);
}
