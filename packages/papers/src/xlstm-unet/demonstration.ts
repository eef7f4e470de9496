import type { Demonstration, DemonstrationGiven, Frame } from "../demonstration.ts";
import { epochFrames } from "../epoch-frames.ts";
import type { Figure } from "../figure.ts";
import type { SegmentationCase } from "../tasks/segmentation-data.ts";
import { overlayGrid } from "../tasks/segmentation-figure.ts";
import type { SegmentationRecipe } from "../tasks/segmentation-target.ts";
import {
  describeSegmentationModel,
  planSegmentationTraining,
} from "../tasks/segmentation-training.ts";
import { Segmenter } from "../tasks/segmenter.ts";
import { type Reader, withReader } from "./baselines.ts";
import { farMarkers, markerClasses, SIDE } from "./far-marker-data.ts";
import { paper } from "./paper.ts";

const SHOWN = 4;

const readers: readonly Reader[] = [
  "Vision-LSTM",
  "two convolutions of as many parameters",
  "self-attention",
];

const recipe: SegmentationRecipe = {
  ...{ epochs: 20, batchSize: 8, batchesPerEpoch: 8, learningRate: 0.01, warmUp: 1 },
  ...{ weightDecay: 0.01, clipNorm: 12, foreground: 0 },
  augment: { mirror: false, turn: false, values: false },
};

/** A small U-Net that learns what a blob is from a marker at the other side of the picture. */
export const demonstration: Demonstration = {
  title: "What is far apart meets at the coarsest level",
  summary:
    "Four blobs at the right look alike. Which is red and which is blue, the marker at the left of its row tells, a cross or " +
    "a ring, too far away for convolutions. A block of Vision-LSTM reads the coarsest level row by row and remembers.",
  controls: {
    reader: {
      setting: {
        kind: "choice",
        summary: "What reads the coarsest level of the U-Net",
        words: readers,
      },
      initial: "Vision-LSTM",
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
  const train = farMarkers(300, 2 * seed);
  const validation = farMarkers(24, 2 * seed + 1);
  const reader = values["reader"] as Reader;
  const options = { variant: "bot", features: 6, blocks: 1, levels: 1 } as const;
  const target = { patch: [SIDE, SIDE], spacing: [1, 1], channels: 1, classes: 3 };
  const description = describeSegmentationModel({
    ...{ paper: paper.id, options, target, classes: markerClasses },
  });
  const segmenter = new Segmenter(withReader(reader, options, target), description);
  onSystem?.(segmenter);
  const plan = planSegmentationTraining(segmenter, {
    ...{ data: { train, validation }, recipe, seed },
    extras: { optimizer: "adamw", schedule: "cosine" },
  });
  yield* epochFrames(plan, {
    signal,
    held: [segmenter],
    show: async (event) => {
      const { dice = 0 } = event.metrics;
      const figures = [await saidFigure(segmenter, validation.slice(0, SHOWN))];
      return { values: { loss: event.loss, dice }, figures };
    },
  });
}

async function saidFigure(
  segmenter: Segmenter,
  shown: readonly SegmentationCase[],
): Promise<Figure> {
  const predictions = await segmenter.predict(shown);
  return overlayGrid(
    "Pictures it has not seen",
    shown.map((one, i) => ({
      shown: one,
      labels: [one.labels, predictions[i]?.labels ?? one.labels],
    })),
    {
      scale: 3,
      caption:
        "At the left what is there, at the right what it says: red for a cross, blue for a ring.",
    },
  );
}
