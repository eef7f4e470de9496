// B pictures, K classes

import { type Dataset, imageTensor, shapes } from "@quire/data";
import { initialize } from "@quire/nn";
import { type Compiled, compile, type HostTensor, hostTensor, type Tensor } from "@quire/tensor";
import { adamW, crossEntropy } from "@quire/train";
import type { Demonstration, DemonstrationGiven, Frame } from "../demonstration.ts";
import type { Figure } from "../figure.ts";
import { ImageClassifier } from "../tasks/image-classifier.ts";
import type { NormKind } from "./found-norms.ts";
import { build, type PreNormTransformer } from "./model.ts";
import { paper } from "./paper.ts";

const SIZE = 16;
const BATCH = 32;
const STEPS = 60;
/** Steps between frames. */
const EVERY = 6;
const size = { shape: "vit", depth: 2, heads: 2 } as const;
const normalization = { mean: [0.5, 0.5, 0.5], deviation: [0.25, 0.25, 0.25] };

/** Two models that begin alike and are trained apart: they stay the same. */
export const demonstration: Demonstration = {
  title: "One model in two forms, trained apart",
  summary:
    "A small vision transformer learns shapes, once with LayerNorm and once with a norm that takes no mean away, its " +
    "weights recentred in each step. Their losses lie on one another, and so do their scores of a picture: what was " +
    "left out was never needed.",
  controls: {
    form: {
      setting: {
        kind: "choice",
        summary: "The norms of the second model: without the mean, or without the last value too",
        words: ["pre-rmsnorm", "pre-crmsnorm"],
      },
      initial: "pre-rmsnorm",
    },
    width: {
      setting: { kind: "whole", summary: "Width of the models, a multiple of 8", from: 8, to: 64 },
      initial: 32,
    },
  },
  run,
};

/** A model in training. */
interface Learner {
  readonly model: PreNormTransformer;
  readonly step: Compiled<[Tensor, Tensor], { loss: Tensor }>;
  readonly scores: Compiled<[Tensor], Tensor>;
}

async function* run({
  values,
  seed,
  signal,
  onSystem,
}: DemonstrationGiven): AsyncGenerator<Frame, void, undefined> {
  const form = values["form"] as NormKind;
  const width = Math.max(8, 8 * Math.round(Number(values["width"]) / 8));
  const pictures = shapes({ count: BATCH * STEPS, size: SIZE, seed });
  const learners = ["pre-ln" as const, form].map((kind) => learnerOf(kind, width, pictures, seed));
  const [plain, other] = learners as [Learner, Learner];
  const classifier = classifierOf(other.model, { form, width }, pictures.classes);
  onSystem?.(classifier);
  const [shown] = batchAt(pictures, 0);
  try {
    for (let step = 1; step <= STEPS && !signal.aborted; step++) {
      const [x, labels] = batchAt(pictures, step - 1);
      const first = (await plain.step(x, labels)).loss.item();
      const second = (await other.step(x, labels)).loss.item();
      if (step % EVERY > 0) continue;
      const scores = [await plain.scores(shown), await other.scores(shown)] as const;
      yield {
        ...{ step, steps: STEPS },
        values: { "Pre-LN": first, [form]: second, difference: Math.abs(first - second) },
        figures: [scoresFigure(scores, pictures.classes, form)],
      };
    }
  } finally {
    for (const { step, scores } of learners) await Promise.all([step.release(), scores.release()]);
    await classifier.release();
  }
}

function learnerOf(form: NormKind, width: number, pictures: Dataset, seed: number): Learner {
  const target = { size: SIZE, channels: 3, patch: 4, classes: pictures.classes.length };
  const model: PreNormTransformer = build({ ...size, width, form }, target);
  initialize(model, seed);
  const optimizer = adamW(model.parameters(), { learningRate: 3e-3 });
  return {
    model,
    scores: compile((images: Tensor) => model.forward(images)),
    step: compile((images: Tensor, labels: Tensor) => {
      const loss = crossEntropy(model.forward(images), labels);
      optimizer.minimize(loss);
      return { loss };
    }),
  };
}

/** The second model as what classifies pictures: it leaves with the norms that it has. */
function classifierOf(
  model: PreNormTransformer,
  { form, width }: { readonly form: NormKind; readonly width: number },
  classes: readonly string[],
): ImageClassifier {
  return new ImageClassifier(model, {
    ...{ task: "image-classification", paper: paper.id, options: { ...size, form, width } },
    target: { height: SIZE, width: SIZE, channels: 3, classes: classes.length },
    ...{ classes, normalization },
  });
}

/** `[B, 3, H, W], [B]` */
function batchAt(pictures: Dataset, place: number): [images: HostTensor, labels: HostTensor] {
  const { images, labels, imageBytes } = pictures;
  const [from, to] = [place * BATCH, (place + 1) * BATCH];
  const bytes = images.subarray(from * imageBytes, to * imageBytes);
  return [
    imageTensor(bytes, pictures, normalization),
    hostTensor(labels.slice(from, to), [BATCH], "int32"),
  ];
}

/** Both models' scores of the first pictures, one beside the other. */
function scoresFigure(
  [first, second]: readonly [HostTensor, HostTensor],
  classes: readonly string[],
  form: NormKind,
): Figure {
  const rows = [0, 1, 2].flatMap((picture) => {
    const own = (scores: HostTensor): number[] =>
      scores.toArray().slice(picture * classes.length, (picture + 1) * classes.length);
    return [
      { name: `picture ${picture + 1}, Pre-LN`, values: own(first) },
      { name: `picture ${picture + 1}, ${form}`, values: own(second) },
    ];
  });
  return {
    kind: "heat",
    title: "Scores of three pictures by both models",
    rows: rows.map(({ name }) => name),
    columns: [...classes],
    values: rows.map(({ values }) => values),
  };
}
