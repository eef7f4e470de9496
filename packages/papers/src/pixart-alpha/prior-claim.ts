import type { Experiment, ExperimentContext, ExperimentResult } from "../paper.ts";
import { exceeds, exceedsRule, meanOf } from "../statistics.ts";
import { compareTextToImage } from "../tasks/text-to-image-comparison.ts";
import type { TextToImageData } from "../tasks/text-to-image-data.ts";
import { recipe, shapesData, small } from "./claim-data.ts";
import { build } from "./model.ts";
import { paper } from "./paper.ts";

/** Epochs with captions, after the prior's and from nothing. */
const EPOCHS = {
  full: { prior: 2, captions: 1 },
  quick: { prior: 1, captions: 1 },
} as const;

const names = {
  taken: "begins with a prior",
  nothing: "begins with nothing",
} as const;

/** Trains with captions for the same few epochs, after a prior and from nothing. */
async function measure({
  data,
  budget,
  ...context
}: ExperimentContext<TextToImageData>): Promise<ExperimentResult> {
  const { prior, captions } = EPOCHS[budget];
  const system = {
    options: small,
    build: (target: Parameters<typeof build>[1]) => build(small, target),
  };
  const { rows, kept } = await compareTextToImage(
    {
      ...{ paper: paper.id, data, recipe: { ...recipe, epochs: captions } },
      systems: [
        { ...system, name: names.taken, recipe: { priorEpochs: prior } },
        { ...system, name: names.nothing },
      ],
    },
    context,
  );
  const [taken, nothing] = rows.map((row) => row.metrics["loss"] ?? []) as [
    readonly number[],
    readonly number[],
  ];
  return {
    metrics: [{ name: "loss", as: "number", better: "lower" }],
    ...{ rows, trained: kept },
    verdicts: [
      {
        claim: "pixel-prior",
        holds: exceeds(nothing, taken),
        rule: exceedsRule,
        found: `After ${captions} epochs with captions the loss is ${meanOf(taken).toFixed(4)} behind a prior of ${prior} epochs without, ${meanOf(nothing).toFixed(4)} from nothing.`,
      },
    ],
  };
}

/** Measures what a prior of pictures alone spares of training with captions. */
export const pixelPrior: Experiment<TextToImageData> = {
  claims: ["pixel-prior"],
  seeds: [1, 2, 3],
  load: (budget) => Promise.resolve(shapesData(budget)),
  measure,
};
