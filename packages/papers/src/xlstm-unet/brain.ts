import type { Budget, Experiment, ExperimentContext, ExperimentResult } from "../paper.ts";
import { exceeds, exceedsRule, metricOf } from "../statistics.ts";
import { compareSegmenters } from "../tasks/segmentation-comparison.ts";
import { overlayGrid } from "../tasks/segmentation-figure.ts";
import type { SegmentationRecipe } from "../tasks/segmentation-target.ts";
import { segmentationTarget } from "../tasks/segmentation-training.ts";
import { contestants } from "./baselines.ts";
import { type BrainData, brainHalves, brainSlices, regions } from "./brain-data.ts";
import { adam } from "./far-marker.ts";
import { foundText, shownMetrics } from "./judge.ts";

interface Measured extends BrainData {
  readonly budget: Budget;
}

/** What the two experiments on the brain differ in. */
interface Setting {
  readonly claim: string;
  readonly axes: 2 | 3;
  readonly load: () => Promise<BrainData>;
  /** The paper's networks: Enc of volumes has a block of Vision-LSTM from the fourth level on alone. */
  readonly own: readonly ("xLSTM-UNet, Bot" | "xLSTM-UNet, Enc")[];
  readonly options: { readonly features: number; readonly blocks: number };
  /** The most places of a patch: nearly a whole slice, or a whole half, so that what lies where can be learnt. */
  readonly places: number;
  readonly recipe: SegmentationRecipe;
}

/** No mirroring: a lobe is told by where in the head it lies, and its front turned to the back is another's place. */
const augment = { mirror: false, turn: true, values: true } as const;

const slices: Setting = {
  claim: "brain-slices",
  ...{
    axes: 2,
    load: brainSlices,
    own: ["xLSTM-UNet, Bot", "xLSTM-UNet, Enc"],
    options: { features: 8, blocks: 1 },
    places: 64 * 64,
  },
  recipe: {
    ...{ epochs: 6, batchSize: 4, batchesPerEpoch: 50, learningRate: 0.01, warmUp: 0.3 },
    ...{ weightDecay: 0.01, clipNorm: 12, foreground: 0, augment },
  },
};

const volumes: Setting = {
  claim: "brain-volumes",
  ...{
    axes: 3,
    load: brainHalves,
    own: ["xLSTM-UNet, Bot"],
    options: { features: 6, blocks: 1 },
    places: 32 * 40 * 16,
  },
  recipe: {
    ...{ epochs: 4, batchSize: 1, batchesPerEpoch: 40, learningRate: 0.01, warmUp: 0.3 },
    ...{ weightDecay: 0.01, clipNorm: 12, foreground: 0, augment },
  },
};

/** Regions of the brain in slices, and in volumes. */
export const brainExperiments = [experimentOf(slices), experimentOf(volumes)] as const;

function experimentOf(setting: Setting): Experiment<Measured> {
  return {
    claims: [setting.claim],
    seeds: [1, 2, 3],
    load: async (budget) => ({ ...(await setting.load()), budget }),
    measure: (context) => measure(setting, context),
  };
}

async function measure(
  { claim, axes, own, options, places, recipe }: Setting,
  { data: { train, validation, test, budget }, ...context }: ExperimentContext<Measured>,
): Promise<ExperimentResult> {
  const spacing = axes === 2 ? [1, 1] : [1, 1, 1];
  const data = { train, validation, classes: regions, channels: 1, axes, spacing } as const;
  const { rows, kept } = await compareSegmenters(
    {
      ...{ paper: "xlstm-unet", test, data, extras: adam },
      systems: contestants([...own, "two more convolutions", "self-attention"], options),
      target: segmentationTarget(data, places),
      recipe: budget === "quick" ? { ...recipe, epochs: 1, batchesPerEpoch: 2 } : recipe,
    },
    context,
  );
  const convolutions = metricOf(rows, "the same U-Net with two more convolutions", "dice");
  const shown = test.slice(0, 16).filter((_, i) => i % 4 === 0);
  const predictions = await kept.predict(shown);
  return {
    metrics: shownMetrics,
    rows,
    verdicts: [
      {
        claim,
        holds: own.some((system) => exceeds(metricOf(rows, system, "dice"), convolutions)),
        rule: `For ${own.length > 1 ? "Bot or Enc" : "Bot"} against the U-Net with two more convolutions: ${exceedsRule.toLowerCase()}`,
        found: foundText(rows, "Dice"),
      },
    ],
    figures: [
      overlayGrid(
        "Regions of the brain: what is there, and what xLSTM-UNet, Bot, says",
        shown.map((one, i) => ({
          shown: one,
          labels: [one.labels, predictions[i]?.labels ?? one.labels],
        })),
      ),
    ],
    trained: kept,
  };
}
