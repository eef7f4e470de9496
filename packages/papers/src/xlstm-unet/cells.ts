import type { Budget, Experiment, ExperimentContext, ExperimentResult } from "../paper.ts";
import { exceeds, exceedsRule, metricOf } from "../statistics.ts";
import { compareSegmenters } from "../tasks/segmentation-comparison.ts";
import { overlayGrid } from "../tasks/segmentation-figure.ts";
import type { SegmentationRecipe } from "../tasks/segmentation-target.ts";
import type { SegmentationPrediction } from "../tasks/segmenter.ts";
import { contestants } from "./baselines.ts";
import {
  CELL_SIDE,
  type CellCase,
  cellClasses,
  cellPictures,
  countCells,
  patchesOfCells,
} from "./cells-data.ts";
import { adam } from "./far-marker.ts";
import { foundText, shownMetrics } from "./judge.ts";

const recipe: SegmentationRecipe = {
  ...{ epochs: 4, batchSize: 4, batchesPerEpoch: 75, learningRate: 0.01, warmUp: 0.3 },
  ...{ weightDecay: 0.01, clipNorm: 12, foreground: 0 },
  augment: { mirror: true, turn: true, values: true },
};

interface CellData {
  readonly train: readonly CellCase[];
  readonly validation: readonly CellCase[];
  readonly test: readonly CellCase[];
  readonly budget: Budget;
}

/** Whether cells that touch and overlap are told apart. */
export const cells: Experiment<CellData> = {
  claims: ["cells"],
  seeds: [1, 2, 3],
  load: (budget) => {
    const few = budget === "quick";
    return Promise.resolve({
      ...{ train: cellPictures(few ? 6 : 200, 1), validation: cellPictures(few ? 2 : 8, 2) },
      ...{ test: cellPictures(few ? 2 : 40, 3), budget },
    });
  },
  measure,
};

/** A cell is where the network is as sure as this of its inside: where it is not, two cells may touch. */
const SURE = 0.9;

/** Places that are surely inside of a cell. */
function sureInside({ labels, probabilities }: SegmentationPrediction): Uint8Array {
  return labels.map((label, place) =>
    Number(label === 1 && (probabilities[place] as number) > SURE),
  );
}

/** The harmonic mean of how many cells are found of those there are and of those that are said. */
function f1Of(test: readonly CellCase[], predictions: readonly SegmentationPrediction[]): number {
  const counts = test.map((one, i) => {
    const inside = sureInside(predictions[i] as SegmentationPrediction);
    return countCells(patchesOfCells(inside, CELL_SIDE), one.cells);
  });
  const total = (what: "found" | "said" | "wanted"): number =>
    counts.reduce((sum, count) => sum + count[what], 0);
  return (2 * total("found")) / (total("said") + total("wanted"));
}

async function measure({
  data: { train, validation, test, budget },
  ...context
}: ExperimentContext<CellData>): Promise<ExperimentResult> {
  const target = {
    ...{ patch: [CELL_SIDE, CELL_SIDE], spacing: [1, 1], channels: 1 },
    classes: cellClasses.length,
  };
  const { rows, kept } = await compareSegmenters(
    {
      ...{ paper: "xlstm-unet", target, test, extras: adam },
      data: { train, validation, classes: cellClasses },
      systems: contestants(
        ["xLSTM-UNet, Bot", "xLSTM-UNet, Enc", "two more convolutions", "self-attention"],
        { features: 8, blocks: 1, levels: 3 },
        { "xLSTM-UNet, Bot": "F1 .5818", "xLSTM-UNet, Enc": "F1 .6036" },
      ),
      recipe: budget === "quick" ? { ...recipe, epochs: 1, batchesPerEpoch: 2 } : recipe,
      further: (predictions) => ({ f1: f1Of(test, predictions) }),
    },
    context,
  );
  const convolutions = metricOf(rows, "the same U-Net with two more convolutions", "f1");
  const shown = test.slice(0, 4);
  const predictions = await kept.predict(shown);
  return {
    metrics: [{ name: "f1", as: "share", better: "higher" }, ...shownMetrics],
    rows,
    verdicts: [
      {
        claim: "cells",
        holds: ["xLSTM-UNet, Bot", "xLSTM-UNet, Enc"].some((system) =>
          exceeds(metricOf(rows, system, "f1"), convolutions),
        ),
        rule: `For Bot or Enc against the U-Net with two more convolutions: ${exceedsRule.toLowerCase()}`,
        found: foundText(rows, "F1 of cells", "f1"),
      },
    ],
    figures: [
      overlayGrid(
        "Cells: what is there, and what xLSTM-UNet, Bot, says",
        shown.map((one, i) => ({
          shown: one,
          labels: [one.labels, predictions[i]?.labels ?? one.labels],
        })),
        { caption: "Red is inside of a cell, blue its border." },
      ),
    ],
    trained: kept,
  };
}
