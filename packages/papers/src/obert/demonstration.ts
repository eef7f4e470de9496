import { type Dataset, shapes } from "@quire/data";
import type { Demonstration, DemonstrationGiven, Frame } from "../demonstration.ts";
import type { Figure } from "../figure.ts";
import { ImageClassifier } from "../tasks/image-classifier.ts";
import type { ImageModelDescription, ImageRecipe } from "../tasks/image-target.ts";
import { planImageTraining } from "../tasks/image-training.ts";
import { CompactTransformer } from "./compact-transformer.ts";
import { paper } from "./paper.ts";
import { PrunableWeights, prunablePaths } from "./prunable-weights.ts";
import { Pruner, type PruningMethod } from "./pruner.ts";
import { smallBatches } from "./small-batches.ts";
import { sparsities } from "./sparsities.ts";

const SIDE = 24;
const EPOCHS = 10;
const options = { width: 32, depth: 2, heads: 2, ratio: 2 } as const;

const recipe: ImageRecipe = {
  ...{ epochs: EPOCHS, batchSize: 40, learningRate: 4e-3, warmUp: 1, weightDecay: 0.05 },
  ...{ labelSmoothing: 0, augment: {} },
};

/** A compact transformer that learns four shapes, and is pruned further and further then. */
export const demonstration: Demonstration = {
  title: "Nine of ten weights can go, if the right ones do",
  summary:
    "A transformer learns to tell four shapes apart. Then more and more of its weights become 0, always from the trained " +
    "model and without training. The surgeon looks at the curvature of the loss and moves the weights that are left.",
  controls: {
    method: {
      setting: {
        kind: "choice",
        summary: "What is pruned: by curvature, by size, or by slope",
        words: ["obert", "magnitude", "first-order"],
      },
      initial: "obert",
    },
    block: {
      setting: { kind: "choice", summary: "Weights pruned together", words: ["1", "4"] },
      initial: "1",
    },
  },
  run,
};

async function* run({
  values,
  seed,
  signal,
  onSystem,
}: DemonstrationGiven): AsyncGenerator<Frame, void, undefined> {
  const drawn = (count: number, own: number): Dataset =>
    shapes({ size: SIDE, count, seed: 2 * seed + own, channels: 1 });
  const [train, validation] = [drawn(400, 0), drawn(200, 1)];
  const target = { height: SIDE, width: SIDE, channels: 1, classes: train.classes.length };
  const description: ImageModelDescription = {
    ...{ task: "image-classification", paper: paper.id, options, target },
    ...{ classes: train.classes, normalization: train.statistics() },
  };
  const model = new CompactTransformer(options, target);
  const classifier = new ImageClassifier(model, description);
  onSystem?.(classifier);
  const plan = planImageTraining(classifier, { train, validation, recipe, seed });
  const steps = EPOCHS + sparsities.length;
  const weights = new PrunableWeights(model, prunablePaths(classifier), 32);
  const pruner = new Pruner(
    weights,
    { loss: plan.loss, batches: () => smallBatches(plan.batches(0, 0), 4) },
    {
      ...{ method: values["method"] as PruningMethod, group: Number(values["block"]) },
      ...{ gradients: 128, damping: 1e-6, update: "together" },
    },
  );
  try {
    for await (const event of plan.training.run(plan)) {
      if (signal.aborted) return;
      if (event.type !== "epoch") continue;
      const { accuracy = 0 } = event.metrics;
      yield { step: event.epoch + 1, steps, values: { loss: event.loss, accuracy, pruned: 0 } };
    }
    const look = await pruner.look();
    const points: [number, number][] = [[0, (await classifier.evaluate(validation)).accuracy]];
    for (const [i, sparsity] of sparsities.entries()) {
      if (signal.aborted) return;
      await pruner.apply(look, sparsity);
      const { accuracy } = await classifier.evaluate(validation);
      points.push([100 * sparsity, accuracy]);
      const figures = [curve(points), await picture(weights)];
      yield { step: EPOCHS + i + 1, steps, values: { accuracy, pruned: sparsity }, figures };
    }
  } finally {
    await Promise.all([plan.training.release(), classifier.release(), pruner.release()]);
  }
}

function curve(points: readonly (readonly [number, number])[]): Figure {
  return {
    ...{ kind: "lines", title: "What is left of the accuracy" },
    x: { title: "weights that are 0, %" },
    y: { title: "accuracy" },
    series: [{ name: "pruned", points: points.map(([x, y]) => [x, y] as const) }],
  };
}

/** Weights of the first feed-forward layer: black where they are 0. */
async function picture({ weights }: PrunableWeights): Promise<Figure> {
  const shown = weights.find(({ path }) => path.includes("feedForward")) ?? weights[0];
  if (!shown) throw new Error("A pruned model has weights.");
  const { path, variable } = shown;
  const [height = 1, width = 1] = variable.shape;
  const values = (await variable.get()).data as Float32Array;
  const most = values.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
  const bytes = new Uint8ClampedArray(4 * values.length).fill(255);
  for (const [i, value] of values.entries()) {
    const light = value === 0 ? 0 : 80 + (175 * Math.abs(value)) / most;
    bytes.fill(light, 4 * i, 4 * i + 3);
  }
  return {
    ...{ kind: "pixels", title: path, width, height, bytes },
    caption: "A layer's weights, a row for each output: black ones are 0.",
  };
}
