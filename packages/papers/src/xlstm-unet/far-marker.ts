import type { Budget, Experiment, ExperimentContext, ExperimentResult } from "../paper.ts";
import { exceeds, exceedsRule, metricOf } from "../statistics.ts";
import { compareSegmenters } from "../tasks/segmentation-comparison.ts";
import type { SegmentationCase } from "../tasks/segmentation-data.ts";
import { overlayGrid } from "../tasks/segmentation-figure.ts";
import type { SegmentationRecipe } from "../tasks/segmentation-target.ts";
import { contestants } from "./baselines.ts";
import { farMarkers, markerClasses, SIDE } from "./far-marker-data.ts";
import { foundText, shownMetrics } from "./judge.ts";

/** One step down: a level of 16 x 16 places, whose windows do not reach from a blob to its marker. */
export const markerOptions = { features: 8, blocks: 1, levels: 1 } as const;

/** Adam's rate was chosen of 0.003, 0.01 and 0.03 on other pictures: convolutions do best with it, too. */
export const markerRecipe: SegmentationRecipe = {
  ...{ epochs: 4, batchSize: 8, batchesPerEpoch: 80, learningRate: 0.01, warmUp: 0.3 },
  ...{ weightDecay: 0.01, clipNorm: 12, foreground: 0 },
  augment: { mirror: false, turn: false, values: false },
};

export const adam = { optimizer: "adamw", schedule: "cosine" } as const;

/** What far markers are learnt from and measured on. */
interface MarkerData {
  readonly train: readonly SegmentationCase[];
  readonly validation: readonly SegmentationCase[];
  readonly test: readonly SegmentationCase[];
  readonly budget: Budget;
}

const systems = contestants(
  [
    "xLSTM-UNet, Bot",
    "two convolutions of as many parameters",
    "two more convolutions",
    "self-attention",
  ],
  markerOptions,
);

/** Whether a blob's class is found that is told by a marker at the far side. */
export const farMarkerExperiment: Experiment<MarkerData> = {
  claims: ["far-marker"],
  /// The number of steps was chosen on seeds 1 to 3.
  seeds: [4, 5, 6],
  load: (budget) => {
    const few = budget === "quick";
    return Promise.resolve({
      ...{ train: farMarkers(few ? 16 : 400, 1), validation: farMarkers(few ? 4 : 24, 2) },
      ...{ test: farMarkers(few ? 4 : 100, 3), budget },
    });
  },
  measure,
};

async function measure({
  data: { train, validation, test, budget },
  ...context
}: ExperimentContext<MarkerData>): Promise<ExperimentResult> {
  const recipe =
    budget === "quick" ? { ...markerRecipe, epochs: 1, batchesPerEpoch: 3 } : markerRecipe;
  const { rows, kept } = await compareSegmenters(
    {
      ...{ paper: "xlstm-unet", systems, test, recipe, extras: adam },
      target: { patch: [SIDE, SIDE], spacing: [1, 1], channels: 1, classes: markerClasses.length },
      data: { train, validation, classes: markerClasses },
    },
    context,
  );
  const own = metricOf(rows, "xLSTM-UNet, Bot", "dice");
  const others = rows.filter(({ system }) => system.includes("convolutions"));
  const shown = test.slice(0, 4);
  const predictions = await kept.predict(shown);
  return {
    metrics: shownMetrics,
    rows,
    verdicts: [
      {
        claim: "far-marker",
        holds: others.every(({ system }) => exceeds(own, metricOf(rows, system, "dice"))),
        rule: `Against both U-Nets with convolutions alone: ${exceedsRule.toLowerCase()}`,
        found: foundText(rows, "Dice"),
      },
    ],
    figures: [
      overlayGrid(
        "Far markers: what is there, and what xLSTM-UNet says",
        shown.map((one, i) => ({
          shown: one,
          labels: [one.labels, predictions[i]?.labels ?? one.labels],
        })),
        { caption: "Red blobs belong to crosses, blue ones to rings, which stand at the left." },
      ),
    ],
    trained: kept,
  };
}
