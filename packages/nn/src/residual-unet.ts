// B batch, C channels, K classes

import type { Tensor } from "@quire/tensor";
import { Convolution } from "./convolution.ts";
import { kaimingNormal } from "./initial.ts";
import { inference, type Layer, type Mode, Module } from "./module.ts";
import { ConvolutionBlock, StepUp } from "./residual-unet/blocks.ts";

/** A level of a U-Net on the way down. */
export interface UNetStage {
  /** Channels. */
  readonly features: number;
  /** Sizes of a window, one for each axis of space. */
  readonly kernel: readonly number[];
  /** By how much it is coarser than the level above, along each axis. */
  readonly stride: readonly number[];
  /** Blocks of two convolutions. */
  readonly blocks: number;
}

/** What a residual U-Net is made of. */
export interface ResidualUNetOptions {
  /** Channels of its input. */
  readonly in: number;
  readonly classes: number;
  /** From the finest level to the coarsest. */
  readonly stages: readonly UNetStage[];
  /** Blocks on the way up, of each level but the coarsest, from the coarsest to the finest. */
  readonly blocksUp: readonly number[];
  /** What comes after a level on the way down, such as attention over its places; `[B, C, ...space]`, the same. */
  readonly mixers?: readonly (Layer | undefined)[];
  /** Whether the finest level has what came down beside what came up; true unless said. */
  readonly finestSkip?: boolean;
  /** Whether blocks that keep channels and size have biases; true unless said. */
  readonly innerBias?: boolean;
}

/**
 * A U-Net of residual blocks that says classes at every level (Isensee et al. 2024, section 2; levels as nnU-Net has
 * them, blocks as U-Mamba: Ma et al. 2024, figure 1). Sizes of space must be divisible by the strides.
 * `[B, C, ...space] -> [B, K, ...space]` and coarser
 */
export class ResidualUNet extends Module {
  readonly stem: readonly ConvolutionBlock[];
  readonly stages: readonly (readonly ConvolutionBlock[])[];
  readonly mixers: readonly (Layer | undefined)[];
  readonly up: readonly StepUp[];
  readonly stagesUp: readonly (readonly ConvolutionBlock[])[];
  readonly heads: readonly Convolution[];
  readonly finestSkip: boolean;

  constructor(options: ResidualUNetOptions) {
    super();
    const { in: channels, classes, stages, blocksUp, mixers = [], finestSkip = true } = options;
    const { innerBias: bias = true } = options;
    const [finest] = stages as readonly [UNetStage, ...UNetStage[]];
    this.finestSkip = finestSkip;
    this.stem = blocksOf(channels, { ...finest, bias, stride: finest.stride.map(() => 1) });
    this.stages = stages.map((stage, level) => {
      return blocksOf((stages[level - 1] ?? finest).features, { ...stage, bias });
    });
    this.mixers = stages.map((_, level) => mixers[level]);
    // From the coarsest level but one up to the finest.
    const climbed = stages
      .slice(0, -1)
      .map((stage, level) => ({ stage, level }))
      .reverse();
    this.up = climbed.map(({ stage, level }) => {
      const below = stages[level + 1] as UNetStage;
      return new StepUp({ in: below.features, out: stage.features, factors: below.stride });
    });
    this.stagesUp = climbed.map(({ stage, level }, step) => {
      const isBeside = level > 0 || finestSkip;
      const read = stage.features * (isBeside ? 2 : 1);
      const blocks = blocksUp[step] ?? 1;
      return blocksOf(read, { ...stage, blocks, bias, stride: stage.stride.map(() => 1) });
    });
    this.heads = climbed.map(({ stage }) => {
      const kernel = stage.stride.map(() => 1);
      const layer = { in: stage.features, out: classes, kernel, initial: kaimingNormal };
      return new Convolution(layer);
    });
  }

  /** Logits of every level on the way up, the finest first; each next one is coarser by the level's stride. */
  forward(x: Tensor, mode: Mode = inference): readonly [Tensor, ...Tensor[]] {
    let down = through(this.stem, x);
    const skips = this.stages.map((stage, level) => {
      const walked = through(stage, down);
      down = this.mixers[level]?.forward(walked, mode) ?? walked;
      return down;
    });
    let climbing = down;
    const logits = this.stagesUp.map((stage, step) => {
      const level = this.stagesUp.length - 1 - step;
      const beside = level > 0 || this.finestSkip ? skips[level] : undefined;
      climbing = through(stage, (this.up[step] as StepUp).forward(climbing, beside));
      return (this.heads[step] as Convolution).forward(climbing);
    });
    return logits.reverse() as [Tensor, ...Tensor[]];
  }
}

/** The first block changes channels and size, the others keep them. */
function blocksOf(
  channels: number,
  stage: UNetStage & { readonly bias: boolean },
): ConvolutionBlock[] {
  const { features: out, kernel, stride, blocks, bias } = stage;
  return Array.from({ length: blocks }, (_, i) =>
    i === 0
      ? new ConvolutionBlock({ in: channels, out, kernel, stride, shortcut: "convolution" })
      : new ConvolutionBlock({ in: out, out, kernel, bias, shortcut: "identity" }),
  );
}

function through(blocks: readonly ConvolutionBlock[], x: Tensor): Tensor {
  return blocks.reduce((walked, block) => block.forward(walked), x);
}
