import { countParameters } from "@quire/nn";
import { type Comparison, type ComparisonContext, compare } from "../comparison.ts";
import type { TrainingExtras } from "../recipe.ts";
import type { Contestant } from "../turn.ts";
import type { SegmentationCase, SegmentationData } from "./segmentation-data.ts";
import type {
  SegmentationNetwork,
  SegmentationRecipe,
  SegmentationTarget,
} from "./segmentation-target.ts";
import { describeSegmentationModel, trainSegmenter } from "./segmentation-training.ts";
import { type SegmentationPrediction, Segmenter } from "./segmenter.ts";

/** A segmenter that takes part in a comparison. */
export interface ComparedSegmenter {
  readonly name: string;
  /** The paper's own figure for it, where it has one. */
  readonly figure?: string;
  /** What its description says it was made of. */
  readonly options: object;
  readonly build: (target: SegmentationTarget) => SegmentationNetwork;
}

/** What segmenters are compared on; all have the same data and the same budget. */
export interface SegmentationComparison {
  /** The paper's id. */
  readonly paper: string;
  readonly systems: readonly ComparedSegmenter[];
  readonly target: SegmentationTarget;
  /** Learnt from, and measured after every epoch for the curves. */
  readonly data: Pick<SegmentationData, "train" | "validation" | "classes">;
  /** Measured once, at the end. */
  readonly test: readonly SegmentationCase[];
  readonly recipe: SegmentationRecipe;
  readonly extras?: TrainingExtras;
  /** Further metrics of what is said of the test cases, by their names. */
  readonly further?: (predictions: readonly SegmentationPrediction[]) => Record<string, number>;
}

/**
 * Trains every system with every seed, and measures `dice` and `iou` on the same test cases.
 *
 * @throws the signal's reason when it ends the comparison early.
 */
export function compareSegmenters(
  comparison: SegmentationComparison,
  context: ComparisonContext,
): Promise<Comparison<Segmenter>> {
  return compare(
    comparison.systems.map((system) => contestantOf(comparison, system)),
    context,
  );
}

function contestantOf(
  { paper, target, data, test, recipe, extras, further }: SegmentationComparison,
  { name, figure, options, build }: ComparedSegmenter,
): Contestant<Segmenter> {
  return {
    name,
    ...(figure !== undefined && { figure }),
    run: async (seed, { signal, onProgress }) => {
      const { classes } = data;
      const description = describeSegmentationModel({ paper, options, target, classes });
      const segmenter = new Segmenter(build(target), description);
      const { points, seconds } = await trainSegmenter(segmenter, {
        ...{ data, recipe, seed },
        ...(extras && { extras }),
        ...(signal && { signal }),
        onBatch: ({ share, loss }) => onProgress(share, loss),
      });
      signal?.throwIfAborted();
      const { dice, iou, predictions } = await segmenter.evaluate(test);
      return {
        parameters: countParameters(segmenter.model),
        ...{
          metrics: { dice, iou, ...further?.(predictions) },
          seconds,
          curve: { seed, points },
          kept: segmenter,
        },
        release: () => segmenter.release(),
      };
    },
  };
}
