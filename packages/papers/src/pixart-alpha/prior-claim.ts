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
  longer: "begins with nothing, as many epochs in all",
} as const;

/**
 * Trains with captions for the same few epochs, after a prior and from nothing; and from nothing for as many epochs as
 * the prior and the captions take together, which is what the prior has to be worth.
 */
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
        { ...system, name: names.longer, recipe: { epochs: prior + captions } },
      ],
    },
    context,
  );
  const [taken = [], nothing = [], longer = []] = rows.map(({ metrics }) => metrics["loss"] ?? []);
  return {
    metrics: [{ name: "loss", as: "number", better: "lower" }],
    ...{ rows, trained: kept },
    verdicts: [
      {
        claim: "pixel-prior",
        holds: exceeds(nothing, taken) && exceeds(longer, taken),
        rule: `Against the same epochs with captions from nothing, and against as many epochs in all: ${exceedsRule}`,
        found: `The loss is ${meanOf(taken).toFixed(4)} with captions for ${captions} of ${prior + captions} epochs, behind a prior; from nothing ${meanOf(nothing).toFixed(4)} after ${captions}, ${meanOf(longer).toFixed(4)} after ${prior + captions}.`,
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
