// B batch, L context, H horizon, C channels, N patches, D width, O forecast channels

import { Encoder, inference, LearnedPositions, Linear, type Mode, Module, normal } from "@quire/nn";
import { dims, reshape, slice, type Tensor, transpose } from "@quire/tensor";
import type { Forecaster, ForecastInputs, ForecastTarget } from "../tasks/forecast-target.ts";
import {
  type PatchSizes,
  patchCount,
  patchesOf,
  scaled,
  scaleOfWindow,
  unscaled,
} from "./patches.ts";

/** What a patch transformer is made of. */
export interface PatchTransformerOptions {
  readonly width: number;
  readonly depth: number;
  readonly heads: number;
  readonly patch: number;
  readonly dropout: number;
}

/**
 * The paper's strongest baseline (PatchTST, Nie et al. 2023, section 3.1): a transformer reads the same patches of each
 * channel by itself. Its norms are layer norms before each branch.
 */
export class PatchTransformer extends Module implements Forecaster {
  readonly embedding: Linear;
  readonly positions: LearnedPositions;
  readonly encoder: Encoder;
  readonly head: Linear;
  readonly target: ForecastTarget;
  readonly sizes: PatchSizes;

  constructor(
    { width, depth, heads, patch, dropout }: PatchTransformerOptions,
    target: ForecastTarget,
  ) {
    super();
    this.sizes = { patch, stride: patch };
    const length = patchCount(target.context, this.sizes);
    this.embedding = new Linear({ in: patch, out: width });
    this.positions = new LearnedPositions({ length, width, initial: normal(0.02) });
    const feedForward = { ratio: 2, dropout };
    this.encoder = new Encoder({
      depth,
      block: { width, attention: { heads }, feedForward, dropout },
    });
    this.head = new Linear({ in: length * width, out: target.horizon });
    this.target = target;
  }

  /** `[B, L, C] -> [B, H, O]` */
  forward({ past }: ForecastInputs, mode: Mode = inference): Tensor {
    const { outputs, horizon } = this.target;
    const read = slice(past, [0], [outputs], { axes: [2] });
    const scale = scaleOfWindow(read);
    const cut = patchesOf(scaled(read, scale), this.sizes);
    const { B, C, N, P } = dims(cut, "B C N P");
    const patches = reshape(cut, [B * C, N, P]);
    const encoded = this.encoder.forward(
      this.positions.forward(this.embedding.forward(patches)),
      mode,
    );
    const D = encoded.shape[2] as number;
    const said = reshape(this.head.forward(reshape(encoded, [B * C, N * D])), [B, C, horizon]);
    return unscaled(transpose(said, [0, 2, 1]), scale);
  }
}
