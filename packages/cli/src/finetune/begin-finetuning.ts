import type { Batch, Dataset } from "@quire/data";
import { countParameters } from "@quire/nn";
import {
  ImageClassifier,
  type ImageModelDescription,
  type ImageRecipe,
  planImageTraining,
  type TrainingPlan,
} from "@quire/papers";
import { IMPORTED } from "@quire/papers/imported-system";
import { QuireError, ShapeError } from "@quire/tensor";
import type { ImportedClassifier } from "@quire/train";
import { UsageError } from "../errors.ts";
import { count, percent } from "../numbers.ts";
import { imageSections } from "../report/image-sections.ts";
import { BASE, buildOf, type ImportedOptions } from "../subject/imported-build.ts";
import { type Normalization, statisticsOf } from "../subject/normalization.ts";
import type { BegunTraining } from "../tasks/task.ts";
import type { OpenedModel } from "./open-model.ts";

/** What is fine-tuned, on what and how. */
export interface Finetuning {
  readonly opened: OpenedModel;
  readonly options: Omit<ImportedOptions, "newHead"> & { readonly newHead: boolean };
  readonly train: Dataset;
  readonly validation: Dataset;
  readonly normalization: Normalization;
  /** What learns: the head alone, or all weights. */
  readonly trained: "head" | "all";
  readonly recipe: ImageRecipe;
  readonly seed: number;
}

/** A classifier that began as a file that others made; its run keeps the file. */
class FinetunedClassifier extends ImageClassifier {
  readonly files: Readonly<Record<string, Uint8Array>>;

  constructor(
    layer: ImportedClassifier,
    description: ImageModelDescription,
    { model, externalData }: OpenedModel["files"],
  ) {
    super(layer, description);
    this.files = { [BASE]: model, ...externalData };
  }
}

/**
 * Makes a classifier of an imported model for the classes of pictures, and plans its training; measures it before.
 *
 * @throws UsageError when the model cannot be applied to the pictures.
 */
export async function beginFinetuning(given: Finetuning): Promise<BegunTraining> {
  const { opened, train, validation, trained, recipe, seed } = given;
  const layer = layerFor(given);
  const whole = countParameters(layer);
  if (trained === "head") holdBody(layer);
  const classifier = new FinetunedClassifier(layer, describe(given, layer), opened.files);
  const plan = planImageTraining(classifier, { train, validation, recipe, seed });
  const { accuracy } = await classifier.evaluate(validation);
  const { height, width, channels, classes } = classifier.description.target;
  const kind = channels === 1 ? "grey" : "colour";
  const learns = trained === "head" ? `${count(countParameters(layer))} of ${count(whole)}` : "all";
  return {
    system: classifier,
    facts: [
      ["pictures", `${count(train.size)} to train, ${count(validation.size)} to measure`],
      [
        "of",
        `${classes} classes, ${kind}, ${height} x ${width} pixels, normalised by ${given.normalization}`,
      ],
      ["head", layer.head ? "new" : "the model's own"],
      ["trained parameters", learns],
      ["accuracy before", percent(accuracy)],
    ],
    next: (run) => `predict ${run} --data IMAGE`,
    withPlan: (use) => use(plan as TrainingPlan<Batch>),
    report: () => imageSections(classifier, validation),
  };
}

function layerFor({ opened, options, train }: Finetuning): ImportedClassifier {
  const { height, width, classes } = train;
  try {
    return buildOf(opened.files)(options, { height, width, classes: classes.length });
  } catch (error) {
    if (!(error instanceof QuireError)) throw error;
    const message = error.message.replace(/ \((at|in) [^()]*\)$/, "");
    const size = `${height} x ${width}`;
    const text =
      error instanceof ShapeError
        ? `the model cannot take pictures of ${size}, choose another --size: ${message}`
        : inOptions(message);
    throw new UsageError(text, { cause: error });
  }
}

/** Lets the head alone learn. */
function holdBody(layer: ImportedClassifier): void {
  try {
    layer.freezeBody();
  } catch (error) {
    if (!(error instanceof QuireError)) throw error;
    const text = "the model's own head has no weights of its own: use --train all or --new-head.";
    throw new UsageError(text, { cause: error });
  }
}

/** Says in the words of the command's options what is to be done. */
function inOptions(message: string): string {
  return message
    .replace(
      "name another output, or a value inside of the model as features",
      "name another --output, or a layer with --features",
    )
    .replace("name a value inside of the model as features", "name a layer with --features");
}

function describe(
  { options, train, normalization }: Finetuning,
  layer: ImportedClassifier,
): ImageModelDescription {
  const { height, width, channels, classes } = train;
  return {
    ...{ task: "image-classification", paper: IMPORTED },
    options: { ...options, newHead: layer.head !== undefined },
    target: { height, width, channels, classes: classes.length },
    classes,
    normalization: statisticsOf(normalization, train),
  };
}
