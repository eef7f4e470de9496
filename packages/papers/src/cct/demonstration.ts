// B images, H rows, W columns, N tokens

import { type Dataset, imageTensor, shapes } from "@quire/data";
import { compile, div, softmax, sub, type Tensor } from "@quire/tensor";
import type { Demonstration, DemonstrationGiven, Frame } from "../demonstration.ts";
import { epochFrames } from "../epoch-frames.ts";
import type { Figure } from "../figure.ts";
import { ImageClassifier } from "../tasks/image-classifier.ts";
import type { ImageModelDescription, ImageRecipe } from "../tasks/image-target.ts";
import { planImageTraining } from "../tasks/image-training.ts";
import { build, type CompactTransformer, type CompactTransformerOptions } from "./model.ts";
import { paper } from "./paper.ts";

const SIDE = 24;
/** Tokens a side: of one convolution with a stride of 2 and pooling, and of patches of 4. */
const TOKENS = 6;
/** Pictures that are shown, in one row. */
const SHOWN = 8;

const size = { width: 32, depth: 2, heads: 2, ratio: 2 } as const;
const tokenizers: Readonly<Record<string, CompactTransformerOptions["tokenizer"]>> = {
  convolutions: { layers: 1, kernel: 5, stride: 2, padding: 2 },
  patches: { patch: 4 },
};

const recipe: ImageRecipe = {
  ...{ ...paper.recipe, epochs: 15, batchSize: 40, learningRate: 4e-3, warmUp: 1, augment: {} },
};

/** A compact transformer that learns four shapes, and where in a picture it looks. */
export const demonstration: Demonstration = {
  title: "A transformer that learns from a few hundred pictures",
  summary:
    "Circles, crosses, squares and triangles are told apart by a transformer that has seen 400 of them. Under each " +
    "picture stands how much each of its tokens counts: sequence pooling learns where to look, without a class token.",
  controls: {
    tokenizer: {
      setting: {
        kind: "choice",
        summary: "What makes tokens of pixels: overlapping convolutions, or patches",
        words: Object.keys(tokenizers),
      },
      initial: "convolutions",
    },
    summary: {
      setting: {
        kind: "choice",
        summary: "What the class is read from",
        words: ["sequence pooling", "class token"],
      },
      initial: "sequence pooling",
    },
    positions: {
      setting: {
        kind: "choice",
        summary: "How tokens know their places",
        words: ["learned", "sine", "none"],
      },
      initial: "learned",
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
  const options: CompactTransformerOptions = {
    ...size,
    tokenizer: tokenizers[String(values["tokenizer"])] ?? { patch: 4 },
    summary: values["summary"] as CompactTransformerOptions["summary"],
    positions: values["positions"] as CompactTransformerOptions["positions"],
  };
  const target = { height: SIDE, width: SIDE, channels: 1, classes: train.classes.length };
  const description: ImageModelDescription = {
    ...{ task: "image-classification", paper: paper.id, options, target },
    ...{ classes: train.classes, normalization: train.statistics() },
  };
  const model = build(options, target);
  const classifier = new ImageClassifier(model, description);
  onSystem?.(classifier);
  const look = lookOf(model, description);
  const plan = planImageTraining(classifier, {
    ...{ train, validation, recipe, seed },
  });
  yield* epochFrames(plan, {
    signal,
    held: [classifier, look],
    show: async (event) => {
      const { accuracy = 0 } = event.metrics;
      const { confusion } = await classifier.evaluate(validation);
      const shown = { loss: event.loss, accuracy };
      const figures = [await picturesFigure(validation, look), tellingFigure(confusion, train)];
      return { values: shown, figures };
    },
  });
}

/** How much each token counts, a share of its picture; none where a class token is read. `[B, 1, H, W] -> [B, N, 1]` */
function lookOf(model: CompactTransformer, { normalization }: ImageModelDescription) {
  const { pooling } = model;
  if (!pooling) return undefined;
  const [mean = 0, deviation = 1] = [normalization.mean[0], normalization.deviation[0]];
  return compile((images: Tensor) => {
    const normal = div(sub(images, mean), deviation);
    return softmax(pooling.importance.forward(model.encode(normal)), { axis: 1 });
  });
}

/** Pictures in a row, and under each how bright its tokens' shares are. */
async function picturesFigure(
  { images }: Dataset,
  look: ReturnType<typeof lookOf>,
): Promise<Figure> {
  const width = SHOWN * SIDE;
  const rows = look ? 2 * SIDE : SIDE;
  const bytes = new Uint8ClampedArray(width * rows * 4).fill(255);
  const paint = (x: number, y: number, value: number): void => {
    bytes.fill(value, 4 * (y * width + x), 4 * (y * width + x) + 3);
  };
  const shown = images.subarray(0, SHOWN * SIDE * SIDE);
  const target = { height: SIDE, width: SIDE, channels: 1 };
  const shares = look ? (await look(imageTensor(shown, target))).toArray() : [];
  for (let place = 0; place < SHOWN; place++) {
    const own = shares.slice(place * TOKENS ** 2, (place + 1) * TOKENS ** 2);
    const most = Math.max(...own);
    for (let y = 0; y < SIDE; y++) {
      for (let x = 0; x < SIDE; x++) {
        paint(place * SIDE + x, y, shown[(place * SIDE + y) * SIDE + x] as number);
        const token = Math.floor((y * TOKENS) / SIDE) * TOKENS + Math.floor((x * TOKENS) / SIDE);
        if (look) paint(place * SIDE + x, SIDE + y, (255 * (own[token] as number)) / most);
      }
    }
  }
  return {
    ...{ kind: "pixels", title: "Pictures it has not seen", width, height: rows, bytes },
    ...(look && {
      caption: "Below each, how much its tokens count for the answer: white is most.",
    }),
  };
}

function tellingFigure(confusion: readonly (readonly number[])[], { classes }: Dataset): Figure {
  return {
    ...{ kind: "heat", title: "What is taken for what", rows: classes, columns: classes },
    caption: "Rows are what a picture shows, columns what it is taken for.",
    values: confusion,
  };
}
