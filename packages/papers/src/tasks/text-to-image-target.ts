// B batch, C channels of pictures, Z channels of latents, H rows, W columns, L caption tokens, K width of caption states

import type { ImageAutoencoder, Mode, Module } from "@quire/nn";
import type { Tensor, Variable } from "@quire/tensor";
import type { Diffusion } from "@quire/train";
import type { Build, ModelDescription, Paper } from "../paper.ts";
import type { Recipe } from "../recipe.ts";

/** What pictures are drawn, and what tells of them. */
export interface TextToImageTarget {
  readonly height: number;
  readonly width: number;
  /** 1 for grey, 3 for colour. */
  readonly channels: number;
  /** How many different tokens captions have. */
  readonly vocabulary: number;
  /** The most tokens of a caption that are read. */
  readonly length: number;
}

/** How a paper trains a system that draws: the epochs of its stages beside the last one come before these. */
export interface TextToImageRecipe extends Recipe {
  /** Epochs of the autoencoder, where the system has one. */
  readonly autoencoderEpochs: number;
  /** Epochs in which pictures alone are learned, before captions. */
  readonly priorEpochs: number;
  /** Decay of the running average of the weights, which is what is measured, kept and drawn with. */
  readonly average: number;
}

/** A paper whose system draws what a text says. */
export type TextToImagePaper<Options = object> = Paper<
  Options,
  TextToImageTarget,
  TextToImageRecipe
> & { readonly task: "text-to-image" };

/** Captions as a text encoder gives them. */
export interface EncodedCaptions {
  /** `[B, L, K]` */
  readonly states: Tensor;
  /** Which tokens are none of padding, bool `[B, L]`; all of them unless said. */
  readonly mask?: Tensor;
}

/** A network that foretells what noised pictures, or their latents, were. */
export interface TextToImageNetwork extends Module {
  readonly diffusion: Diffusion;
  /** Shape of what the diffusion runs over, `[Z, H, W]`. */
  readonly values: readonly [channels: number, height: number, width: number];
  /** Width of captions' states where these are given from outside. */
  readonly stateWidth: number | undefined;
  /** Whether text encoder and autoencoder are part of it, where it needs them. */
  readonly isWhole: boolean;
  /** Makes latents of pictures and pictures of latents; the diffusion runs over pixels without one. */
  readonly autoencoder: ImageAutoencoder | undefined;
  /** Mean and deviation of each channel of the latents, `[Z]`, measured once the autoencoder is trained. */
  readonly latentMean: Variable | undefined;
  readonly latentDeviation: Variable | undefined;
  /**
   * One step back from noise, text encoder and all: `told` are tokens of captions, int32 `[B, L]`, or states from outside,
   * `[B, L, K]`. `[B, Z, H, W] -> [B, Z or 2 Z, H, W]`
   */
  forward(noised: Tensor, times: Tensor, told: Tensor): Tensor;
  /** States of captions. `[B, L] -> [B, L, K]` */
  captions(ids: Tensor, mask: Tensor, mode?: Mode): EncodedCaptions;
  /**
   * What it says of noised values at times, float32 `[B]`; without captions where `without`, bool `[B]`, is true.
   * `[B, Z, H, W] -> [B, Z or 2 Z, H, W]`
   */
  denoise(
    noised: Tensor,
    given: {
      readonly times: Tensor;
      readonly captions: EncodedCaptions;
      readonly without?: Tensor;
    },
    mode?: Mode,
  ): Tensor;
  /** What is trained of pictures alone before captions, where the paper begins so. */
  prior?(): PicturePrior | undefined;
}

/** A network that learns pictures without captions, and gives its weights to one that reads them. */
export interface PicturePrior {
  readonly model: Module;
  /** What it says of noised values at times. `[B, Z, H, W] -> [B, Z or 2 Z, H, W]` */
  denoise(noised: Tensor, times: Tensor, mode?: Mode): Tensor;
  /** Gives the network what it has learned. */
  takeOver(): Promise<void>;
}

/** Makes a network that draws. */
export type BuildTextToImage<Options> = Build<Options, TextToImageTarget, TextToImageNetwork>;

/** What is known of a trained system that draws. */
export interface TextToImageDescription<Options = object>
  extends ModelDescription<Options, TextToImageTarget> {
  readonly task: "text-to-image";
  /** Some captions that it was trained on, for those who want to know what to ask for. */
  readonly examples: readonly string[];
}
