// B batch, C channels of images, Z channels of latents, H rows, W columns, F factor

import {
  add,
  clip,
  exp,
  mean,
  mul,
  QuireError,
  randomNormal,
  resize,
  silu,
  split,
  sub,
  type Tensor,
} from "@quire/tensor";
import type { Convolution } from "./convolution.ts";
import type { GroupNorm } from "./group-norm.ts";
import { inference, type Mode, Module } from "./module.ts";
import { groupNormOf, places, ResidualConvolution } from "./residual-convolution.ts";

/** What an autoencoder of images is made of. */
export interface ImageAutoencoderOptions {
  /** Channels of the images. */
  readonly channels: number;
  /** Channels of the latents. */
  readonly latents: number;
  /** Channels at each size, from the images' own down; each further one halves the sides. */
  readonly widths: readonly number[];
  /** Residual convolutions at each size; 1 unless said. */
  readonly depth?: number;
}

/** The normal distribution that an image is encoded as. */
export interface LatentDistribution {
  /** `[B, Z, H / F, W / F]` */
  readonly mean: Tensor;
  readonly logVariance: Tensor;
}

/** One size of the way down or up. */
interface Level {
  readonly blocks: readonly ResidualConvolution[];
  /** To half the sides, or to twice them. */
  readonly change: Convolution | undefined;
}

/** Keeps variances within what numbers hold. */
const LOG_VARIANCES = { min: -30, max: 20 };

/**
 * A variational autoencoder of convolutions, which gives a diffusion fewer and smoother values than pixels: residual
 * blocks, halved sides, and the same way back (Kingma and Welling 2014; Rombach et al. 2022, appendix G, without its
 * attention and its critic).
 */
export class ImageAutoencoder extends Module {
  readonly inward: Convolution;
  readonly down: readonly Level[];
  readonly lastNorm: GroupNorm;
  readonly toLatents: Convolution;
  readonly fromLatents: Convolution;
  readonly up: readonly Level[];
  readonly outNorm: GroupNorm;
  readonly outward: Convolution;
  /** How many places of an image, each way, become one of the latents. */
  readonly factor: number;

  constructor({ channels, latents, widths, depth = 1 }: ImageAutoencoderOptions) {
    super();
    if (widths.length === 0) throw new QuireError("ImageAutoencoder: give at least one width.");
    const [first, last] = [widths[0] as number, widths.at(-1) as number];
    this.inward = places(channels, first);
    this.down = levelsOf(widths, depth, (from, to) => places(from, to, 2));
    this.lastNorm = groupNormOf(last);
    this.toLatents = places(last, 2 * latents);
    this.fromLatents = places(latents, last);
    this.up = levelsOf(widths.toReversed(), depth, (from, to) => places(from, to));
    this.outNorm = groupNormOf(first);
    this.outward = places(first, channels);
    this.factor = 2 ** (widths.length - 1);
  }

  /** `[B, C, H, W] -> [B, Z, H / F, W / F]`, twice */
  encode(images: Tensor): LatentDistribution {
    let x = this.inward.forward(images);
    for (const { blocks, change } of this.down) {
      for (const block of blocks) x = block.forward(x);
      if (change) x = change.forward(x);
    }
    const both = this.toLatents.forward(silu(this.lastNorm.forward(x)));
    const half = (both.shape[1] as number) / 2;
    const [centre, logVariance] = split(both, [half, half], 1) as [Tensor, Tensor];
    return { mean: centre, logVariance: clip(logVariance, LOG_VARIANCES) };
  }

  /** `[B, Z, H / F, W / F] -> [B, C, H, W]` */
  decode(latents: Tensor): Tensor {
    let x = this.fromLatents.forward(latents);
    for (const { blocks, change } of this.up) {
      for (const block of blocks) x = block.forward(x);
      if (change) x = change.forward(resize(x, { scales: 2, mode: "nearest" }));
    }
    return this.outward.forward(silu(this.outNorm.forward(x)));
  }

  /** Images as they come back from their latents, which training draws. `[B, C, H, W] -> [B, C, H, W]` */
  forward(images: Tensor, mode: Mode = inference): Tensor {
    return this.decode(drawn(this.encode(images), mode));
  }
}

/** A draw from latents' distribution in training, else its mean. */
export function drawn(
  { mean: centre, logVariance }: LatentDistribution,
  { training, random }: Mode = inference,
): Tensor {
  if (!training || !random) return centre;
  const noise = randomNormal(random.next(), centre.shape);
  return add(centre, mul(exp(mul(logVariance, 0.5)), noise));
}

/** The Kullback-Leibler divergence from the standard normal distribution, a mean over values, in nats. `-> []` */
export function divergenceFromNormal({ mean: centre, logVariance }: LatentDistribution): Tensor {
  const spread = add(mul(centre, centre), sub(exp(logVariance), logVariance));
  return mul(mean(sub(spread, 1)), 0.5);
}

function levelsOf(
  widths: readonly number[],
  depth: number,
  change: (from: number, to: number) => Convolution,
): Level[] {
  return widths.map((width, i) => {
    const next = widths[i + 1];
    const blocks = Array.from({ length: depth }, () => new ResidualConvolution(width, width));
    return { blocks, change: next === undefined ? undefined : change(width, next) };
  });
}
