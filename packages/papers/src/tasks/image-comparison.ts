import type { Dataset } from "@quire/data";
import { countParameters, type Layer } from "@quire/nn";
import type { Curve, ExperimentContext, Row } from "../paper.ts";
import { ImageClassifier } from "./image-classifier.ts";
import type { ImageModelDescription, ImageRecipe, ImageTarget } from "./image-target.ts";
import { trainImageClassifier } from "./image-training.ts";

/** A system that takes part in a comparison. */
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

/** What a comparison found. */
export interface ImageComparisonResult {
  /** One a system, in the systems' order; their metrics are `accuracy` and `loss` on the test images. */
  readonly rows: readonly Row[];
  /** The first system as the first seed trained it. */
  readonly trained: ImageClassifier;
}

/**
 * Trains every system with every seed, and measures them on the same test images.
 *
 * @throws the signal's reason when it ends the comparison early.
 */
export async function compareImageClassifiers(
  comparison: ImageComparison,
  context: Pick<ExperimentContext, "seeds" | "signal" | "onProgress">,
): Promise<ImageComparisonResult> {
  const { systems } = comparison;
  const rows: Row[] = [];
  let kept: ImageClassifier | undefined;
  for (const [place, system] of systems.entries()) {
    const runs: SystemRun[] = [];
    for (const [turn, seed] of context.seeds.entries()) {
      const began = (place * context.seeds.length + turn) / (systems.length * context.seeds.length);
      const run = await trainOnce(comparison, system, seed, {
        ...context,
        share: (done) => began + done / (systems.length * context.seeds.length),
      });
      runs.push(run);
      if (kept) await run.classifier.release();
      kept ??= run.classifier;
    }
    rows.push(rowOf(system, runs));
  }
  if (!kept) throw new Error("A comparison needs at least one system and one seed.");
  return { rows, trained: kept };
}

interface SystemRun {
  readonly classifier: ImageClassifier;
  readonly accuracy: number;
  readonly loss: number;
  readonly seconds: number;
  readonly curve: Curve;
}

interface Turn extends Pick<ExperimentContext, "signal" | "onProgress"> {
  /** The share of the whole comparison that is done, from that of this run. */
  readonly share: (done: number) => number;
}

async function trainOnce(
  { paper, train, test, validation, recipe }: ImageComparison,
  system: ComparedSystem,
  seed: number,
  { signal, onProgress, share }: Turn,
): Promise<SystemRun> {
  const description = describeImageModel({ paper, options: system.options, train });
  const classifier = new ImageClassifier(system.build(description.target), description);
  const { points, seconds } = await trainImageClassifier(classifier, {
    ...{ train, validation, recipe, seed },
    ...(signal && { signal }),
    onBatch: ({ epoch, epochs, batch, batches, loss }) => {
      const done = (epoch - 1 + batch / batches) / epochs;
      onProgress?.({ doing: `${system.name}, seed ${seed}`, share: share(done), loss });
    },
  });
  signal?.throwIfAborted();
  const { accuracy, loss } = await classifier.evaluate(test);
  return { classifier, accuracy, loss, seconds, curve: { seed, points } };
}

function rowOf({ name, figure }: ComparedSystem, runs: readonly SystemRun[]): Row {
  const [first] = runs;
  return {
    system: name,
    parameters: first ? countParameters(first.classifier.model) : 0,
    ...(figure === undefined ? {} : { figure }),
    metrics: {
      accuracy: runs.map(({ accuracy }) => accuracy),
      loss: runs.map(({ loss }) => loss),
    },
    seconds: runs.map(({ seconds }) => seconds),
    curves: runs.map(({ curve }) => curve),
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
