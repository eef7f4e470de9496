// B batch, C channels, H rows, W columns, D width

import { dims, type Initializer, reshape, type Tensor, transpose } from "@quire/tensor";
import { Convolution } from "./convolution.ts";
import { Module } from "./module.ts";

/** What a patch embedding is made of. */
export interface PatchEmbeddingOptions {
  /** Channels of the images. */
  readonly in: number;
  /** Width of a patch's vector. */
  readonly width: number;
  /** Side of a patch in pixels, or its rows and columns. */
  readonly patch: number | readonly [rows: number, columns: number];
  /** How the weight is filled. */
  readonly initial?: Initializer;
  /** How the bias is filled; with zeros unless said, where `initial` is. */
  readonly initialBias?: Initializer;
}

/**
 * A vector for each patch of an image, row by row (Dosovitskiy et al. 2021, eq. 1).
 * `[B, C, H, W] -> [B, H W / pixels of a patch, D]`
 */
export class PatchEmbedding extends Module {
  readonly projection: Convolution;

  constructor({ in: channels, width, patch, ...filled }: PatchEmbeddingOptions) {
    super();
    const sides = typeof patch === "number" ? [patch, patch] : patch;
    const layer = { in: channels, out: width, kernel: sides, ...filled };
    this.projection = new Convolution(layer, { stride: sides });
  }

  /** `[B, C, H, W] -> [B, H W / pixels of a patch, D]` */
  forward(images: Tensor): Tensor {
    const patches = this.projection.forward(images);
    const { B, D, H, W } = dims(patches, "B D H W");
    return transpose(reshape(patches, [B, D, H * W]), [0, 2, 1]);
  }
}
