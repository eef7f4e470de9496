import type { Budget, Experiment, ExperimentResult, Row, Verdict } from "../paper.ts";
import { exceeds, exceedsRule, meanOf, percentText } from "../statistics.ts";
import { compound } from "./compound.ts";
import {
  type ImageData,
  imageClassifier,
  loadPictures,
  loadTexts,
  type TextData,
  textClassifier,
} from "./dense-classifiers.ts";
import { comparePruning, type Measure, type Way } from "./experiments.ts";
import { accuraciesAt, sparsityFigure, sparsityMetrics } from "./sparsities.ts";

const names = {
  surgeon: "surgeon",
  magnitude: "magnitude",
  slopes: "first-order",
  again: "surgeon, step by step",
  fours: "surgeon, groups of 4",
  magnitudeFours: "magnitude, groups of 4",
  apart: "surgeon, moved apart",
} as const;

const surgeon: Way = { name: names.surgeon, options: { method: "obert" } };
const magnitude: Way = { name: names.magnitude, options: { method: "magnitude" } };
const slopes: Way = { name: names.slopes, options: { method: "first-order" } };

/** The same for every way to prune. */
const measures: Readonly<Record<Budget, Measure>> = {
  full: { gradients: 128, rows: 8, blockSize: 48, epochs: 0.5, learningRate: 1e-3 },
  quick: { gradients: 16, rows: 8, blockSize: 24, epochs: 0.5, learningRate: 1e-3 },
};

/** What is trained on bears a coarser curvature, since it is measured anew with each step. */
function gradualMeasure(budget: Budget, epochs: number): Measure {
  return budget === "quick" ? measures.quick : { ...measures.full, gradients: 64, epochs };
}

/** Accuracies of some systems at a sparsity, as a sentence. */
function told(rows: readonly Row[], sparsity: number, systems: readonly string[]): string {
  const texts = systems.map(
    (name) => `${name} ${percentText(meanOf(accuraciesAt(rows, name, sparsity)))}`,
  );
  return `At ${percentText(sparsity).replace(".0", "")}: ${texts.join(", ")}.`;
}

/** Whether the first system is above all others at all of some sparsities. */
function above(
  claim: string,
  rows: readonly Row[],
  at: readonly number[],
  [first, ...others]: readonly [string, ...string[]],
): Verdict {
  const holds = at.every((sparsity) =>
    others.every((other) =>
      exceeds(accuraciesAt(rows, first, sparsity), accuraciesAt(rows, other, sparsity)),
    ),
  );
  const found = at.map((sparsity) => told(rows, sparsity, [first, ...others])).join(" ");
  return { claim, holds, rule: exceedsRule, found };
}

const oneShotText: Experiment<TextData> = {
  claims: ["one-shot", "recomputation", "groups"],
  seeds: [1, 2, 3],
  load: loadTexts,
  measure: async ({ data, budget, ...context }) => {
    const ways: readonly Way[] = [
      surgeon,
      magnitude,
      slopes,
      { name: names.again, options: { method: "obert" }, stepwise: true },
      { name: names.fours, options: { method: "obert", group: 4 } },
      { name: names.magnitudeFours, options: { method: "magnitude", group: 4 } },
      { name: names.apart, options: { method: "obert", update: "apart" } },
    ];
    const make = (seed: number) => textClassifier(data, budget, seed);
    const measure = measures[budget];
    const { rows, trained } = await comparePruning(
      { make, ways, measure, gradual: false },
      context,
    );
    const fours = above("groups", rows, [0.8], [names.surgeon, names.fours]);
    const chosen = above("groups", rows, [0.8], [names.fours, names.magnitudeFours]);
    const verdicts: readonly Verdict[] = [
      above("one-shot", rows, [0.8, 0.9], [names.surgeon, names.magnitude, names.slopes]),
      above("recomputation", rows, [0.9], [names.again, names.surgeon]),
      {
        ...fours,
        holds: fours.holds && chosen.holds,
        found: told(rows, 0.8, [names.surgeon, names.fours, names.magnitudeFours]),
      },
    ];
    return {
      ...{ metrics: sparsityMetrics(), rows, verdicts, trained },
      figures: [sparsityFigure("A text classifier, pruned in one shot", rows)],
    };
  },
};

const oneShotImage: Experiment<ImageData> = {
  claims: ["one-shot-image"],
  seeds: [1, 2, 3],
  load: loadPictures,
  measure: async ({ data, budget, ...context }) => {
    const make = (seed: number) => imageClassifier(data, budget, seed);
    const ways = [surgeon, magnitude, slopes];
    const measure = measures[budget];
    const { rows } = await comparePruning({ make, ways, measure, gradual: false }, context);
    const compared = [names.surgeon, names.magnitude, names.slopes] as const;
    return {
      ...{ metrics: sparsityMetrics(), rows },
      verdicts: [above("one-shot-image", rows, [0.8], compared)],
      figures: [sparsityFigure("A compact transformer, pruned in one shot", rows)],
    };
  },
};

/** What may be lost of the dense model's accuracy. */
const LOST = 0.02;

/** Above the others where nearly all is pruned, and near the dense model at 90 %. */
function gradualResult(claim: string, title: string, rows: readonly Row[]): ExperimentResult {
  const others = above(claim, rows, [0.97], [names.surgeon, names.magnitude, names.slopes]);
  const dense = meanOf(accuraciesAt(rows, names.surgeon, 0));
  const kept = dense - meanOf(accuraciesAt(rows, names.surgeon, 0.9));
  const verdict: Verdict = {
    ...others,
    holds: others.holds && kept <= LOST,
    rule: `${exceedsRule} At 90 % at most ${100 * LOST} points are lost, in the mean.`,
    found: `${others.found} Dense ${percentText(dense)}, at 90 % ${(100 * kept).toFixed(1)} points less.`,
  };
  return {
    ...{ metrics: sparsityMetrics(), rows, verdicts: [verdict] },
    figures: [sparsityFigure(title, rows)],
  };
}

const gradualText: Experiment<TextData> = {
  claims: ["gradual"],
  seeds: [1, 2, 3],
  load: loadTexts,
  measure: async ({ data, budget, ...context }) => {
    const make = (seed: number) => textClassifier(data, budget, seed);
    const given = {
      make,
      ways: [surgeon, magnitude, slopes],
      measure: gradualMeasure(budget, 0.5),
    };
    const { rows } = await comparePruning({ ...given, gradual: true }, context);
    return gradualResult("gradual", "A text classifier, pruned while it is trained on", rows);
  },
};

const gradualImage: Experiment<ImageData> = {
  claims: ["gradual-image"],
  seeds: [1, 2, 3],
  load: loadPictures,
  measure: async ({ data, budget, ...context }) => {
    const make = (seed: number) => imageClassifier(data, budget, seed);
    const given = { make, ways: [surgeon, magnitude, slopes], measure: gradualMeasure(budget, 1) };
    const { rows } = await comparePruning({ ...given, gradual: true }, context);
    return gradualResult(
      "gradual-image",
      "A compact transformer, pruned while it is trained on",
      rows,
    );
  },
};

/** Measures the claims: those of one kind of model and of pruning by the same runs. */
export const experiments: readonly Experiment[] = [
  oneShotText as Experiment,
  oneShotImage as Experiment,
  gradualText as Experiment,
  gradualImage as Experiment,
  compound as Experiment,
];
