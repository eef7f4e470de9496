import type { Layer } from "@quire/nn";
import type { Build, ModelDescription, Paper } from "../paper.ts";
import type { Recipe } from "../recipe.ts";

/** What an image classifier takes and tells apart. */
export interface ImageTarget {
  readonly height: number;
  readonly width: number;
  /** 1 for grey, 3 for colour. */
  readonly channels: number;
  /** How many classes there are. */
  readonly classes: number;
}

/** How a paper trains an image classifier. */
export interface ImageRecipe extends Recipe {
  readonly labelSmoothing: number;
  readonly augment: ImageAugmentation;
  /** How much each class counts in the loss: all as much unless said, or the rarer the more. */
  readonly classWeights?: "none" | "balanced";
}

/** Random changes of the training images; what is left out is not done. */
export interface ImageAugmentation {
  /** Pixels of padding before a random window of the image's size is cut out. */
  readonly crop?: number;
  /** Whether images are mirrored left to right half of the time. */
  readonly flip?: boolean;
  readonly randAugment?: { readonly count: number; readonly magnitude: number };
  /** Alpha of mixup; with cutmix, each is taken half of the time. */
  readonly mixup?: number;
  /** Alpha of cutmix. */
  readonly cutmix?: number;
}

/** A paper whose system classifies images. */
export type ImageClassificationPaper<Options = object> = Paper<
  Options,
  ImageTarget,
  ImageRecipe
> & {
  readonly task: "image-classification";
};

/** Makes an image classifier, `[B, C, H, W] -> [B, K]` logits. */
export type BuildImageClassifier<Options> = Build<Options, ImageTarget, Layer>;

/** What is known of a trained image classifier. */
export interface ImageModelDescription<Options = object>
  extends ModelDescription<Options, ImageTarget> {
  readonly task: "image-classification";
  /** The classes' names, in the order of the logits. */
  readonly classes: readonly string[];
  /** What the images are normalised by: pixel / 255, minus the mean, over the deviation, channel by channel. */
  readonly normalization: {
    readonly mean: readonly number[];
    readonly deviation: readonly number[];
  };
}
