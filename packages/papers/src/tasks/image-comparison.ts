import type { Dataset } from "@quire/data";
import { countParameters, type Layer } from "@quire/nn";
import { type Comparison, type ComparisonContext, compare } from "../comparison.ts";
import type { Contestant, Turn, TurnHooks } from "../turn.ts";
import { ImageClassifier } from "./image-classifier.ts";
import type { ImageModelDescription, ImageRecipe, ImageTarget } from "./image-target.ts";
import { trainImageClassifier } from "./image-training.ts";

/** An image classifier that takes part in a comparison. */
export interface ComparedSystem {
  readonly name: string;
  /** The paper's own figure for it, where it has one. */
  readonly figure?: string;
  /** What its description says it was made of. */
  readonly options: object;
  readonly build: (target: ImageTarget) => Layer;
}

/** What image classifiers are compared on; all have the same data and the same budget. */
export interface ImageComparison {
  /** The paper's id. */
  readonly paper: string;
  readonly systems: readonly ComparedSystem[];
  readonly train: Dataset;
  /** Measured once, at the end. */
  readonly test: Dataset;
  /** Measured after every epoch, for the curves. */
  readonly validation: Dataset;
  readonly recipe: ImageRecipe;
}

/**
 * Trains every system with every seed, and measures `accuracy` and `loss` on the same test images.
 *
 * @throws the signal's reason when it ends the comparison early.
 */
export function compareImageClassifiers(
  comparison: ImageComparison,
  context: ComparisonContext,
): Promise<Comparison<ImageClassifier>> {
  return compare(
    comparison.systems.map((system) => contestantOf(comparison, system)),
    context,
  );
}

function contestantOf(
  comparison: ImageComparison,
  system: ComparedSystem,
): Contestant<ImageClassifier> {
  const { name, figure } = system;
  return {
    name,
    ...(figure !== undefined && { figure }),
    run: (seed, hooks) => trainOnce(comparison, system, seed, hooks),
  };
}

async function trainOnce(
  { paper, train, test, validation, recipe }: ImageComparison,
  system: ComparedSystem,
  seed: number,
  { signal, onProgress }: TurnHooks,
): Promise<Turn<ImageClassifier>> {
  const description = describeImageModel({ paper, options: system.options, train });
  const classifier = new ImageClassifier(system.build(description.target), description);
  const { points, seconds } = await trainImageClassifier(classifier, {
    ...{ train, validation, recipe, seed },
    ...(signal && { signal }),
    onBatch: ({ share, loss }) => onProgress(share, loss),
  });
  signal?.throwIfAborted();
  const { accuracy, loss } = await classifier.evaluate(test);
  return {
    parameters: countParameters(classifier.model),
    ...{ metrics: { accuracy, loss }, seconds, curve: { seed, points }, kept: classifier },
    release: () => classifier.release(),
  };
}

/** Describes the image classifier that a training set asks for. */
export function describeImageModel(given: {
  readonly paper: string;
  readonly preset?: string;
  readonly options: object;
  readonly train: Dataset;
}): ImageModelDescription {
  const { train, ...rest } = given;
  const { height, width, channels, classes } = train;
  return {
    task: "image-classification",
    ...rest,
    target: { height, width, channels, classes: classes.length },
    classes,
    normalization: train.statistics(),
  };
}
