// B batch, C channels, K classes

import type { Mode, Module } from "@quire/nn";
import type { Tensor } from "@quire/tensor";
import type { Build, ModelDescription, Paper } from "../paper.ts";
import type { Recipe } from "../recipe.ts";

/** What a segmenter takes and tells apart. */
export interface SegmentationTarget {
  /** Places of a patch along each of two or three axes of space; larger pictures are read patch by patch. */
  readonly patch: readonly number[];
  /** How far places stand apart along each axis, in any unit. */
  readonly spacing: readonly number[];
  /** 1 for grey and for volumes, 3 for colour. */
  readonly channels: number;
  /** How many classes there are; the first is the background. */
  readonly classes: number;
}

/** How a paper trains a segmenter: stochastic gradient descent with Nesterov's momentum, whose rate falls as a power. */
export interface SegmentationRecipe extends Recipe {
  /** Batches of random patches that make an epoch. */
  readonly batchesPerEpoch: number;
  /** Share of the patches that are cut around a place of a class that is not the background. */
  readonly foreground: number;
  readonly augment: SegmentationAugmentation;
}

/** Random changes of the training patches. */
export interface SegmentationAugmentation {
  /** Whether axes are turned around, each half of the time. */
  readonly mirror: boolean;
  /** Whether patches are turned and scaled. */
  readonly turn: boolean;
  /** Whether values are changed: noise, brightness, contrast, gamma. */
  readonly values: boolean;
}

/** A paper whose system segments pictures or volumes. */
export type SegmentationPaper<Options = object> = Paper<
  Options,
  SegmentationTarget,
  SegmentationRecipe
> & { readonly task: "segmentation" };

/** A model that says the class of each place. */
export interface SegmentationNetwork extends Module {
  /**
   * Logits of every place, and after them those of coarser levels, which the loss takes too.
   * `[B, C, ...patch] -> [B, K, ...patch]` and coarser
   */
  forward(x: Tensor, mode?: Mode): readonly [Tensor, ...Tensor[]];
}

/** Makes a segmenter. */
export type BuildSegmentationNetwork<Options> = Build<
  Options,
  SegmentationTarget,
  SegmentationNetwork
>;

/** What is known of a trained segmenter. */
export interface SegmentationModelDescription<Options = object>
  extends ModelDescription<Options, SegmentationTarget> {
  readonly task: "segmentation";
  /** What stands for each class in masks: a colour such as `#ff0000`, or a whole number. */
  readonly classes: readonly string[];
}
