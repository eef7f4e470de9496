// B batch, C channels, D width, K classes

import {
  Convolution,
  ConvolutionBlock,
  kaimingNormal,
  type Layer,
  type MatrixLstmForm,
  type Mode,
  Module,
  ResidualUNet,
  type UNetStage,
} from "@quire/nn";
import { QuireError, reshape, resize, type Tensor, transpose } from "@quire/tensor";
import { poolingPlan } from "../tasks/segmentation-plan.ts";
import type {
  BuildSegmentationNetwork,
  SegmentationNetwork,
  SegmentationTarget,
} from "../tasks/segmentation-target.ts";
import { TokenMixer } from "./mixer.ts";
import { VisionLstm, type VisionLstmOptions } from "./vision-lstm.ts";

/** What an xLSTM-UNet, or a Vision-LSTM that segments, is made of. */
export interface XlstmUNetOptions {
  /** Where blocks of Vision-LSTM stand: at the coarsest level, at many levels on the way down, or all through. */
  readonly variant: "bot" | "enc" | "vision-lstm";
  /** Channels of the finest level; each next one has twice as many. */
  readonly features?: number;
  /** The most channels of a level; 512 of pictures and 320 of volumes unless said. */
  readonly mostFeatures?: number;
  /** Blocks of two convolutions a level. */
  readonly blocks?: number;
  /** The most levels below the finest one. */
  readonly levels?: number;
  /** Levels given one by one, in place of those planned from the patch. */
  readonly plan?: UNetPlan;
  /** How the memories are computed; in chunks unless said. */
  readonly form?: MatrixLstmForm;
  /** Of a Vision-LSTM. */
  readonly backbone?: Omit<VisionLstmOptions, "end">;
}

/** Levels of a U-Net, one by one. */
export interface UNetPlan {
  /** From the finest to the coarsest. */
  readonly stages: readonly UNetStage[];
  /** Blocks on the way up, from the coarsest level to the finest. */
  readonly blocksUp: readonly number[];
  /** Whether blocks that keep channels and size have biases; true unless said. */
  readonly innerBias?: boolean;
}

/** Makes an xLSTM-UNet for patches of two or three axes, or a Vision-LSTM that says the class of each place. */
export const build: BuildSegmentationNetwork<XlstmUNetOptions> = (options, target) => {
  if (options.variant === "vision-lstm") return new VisionLstmSegmenter(options, target);
  const plan = options.plan ?? planUNet(options, target);
  return uNetOf(target, plan, mixersOf(options, plan.stages, target.patch));
};

/** A residual U-Net as the released code has it, with what reads its levels. */
export function uNetOf(
  target: SegmentationTarget,
  plan: UNetPlan,
  mixers: readonly (Layer | undefined)[],
): ResidualUNet {
  checkPatch(target.patch, plan.stages);
  return new ResidualUNet({
    ...{ in: target.channels, classes: target.classes, ...plan, mixers },
    /// The released networks for pictures (UxLSTM*_2d.py) join no skip at the finest level; those for volumes do.
    finestSkip: target.patch.length === 3,
  });
}

/** Levels, windows and blocks for a target, as nnU-Net plans them; the half with fewest places has one block a level. */
export function planUNet(options: XlstmUNetOptions, target: SegmentationTarget): UNetPlan {
  const { features = 32, blocks = 2, levels } = options;
  const most = options.mostFeatures ?? (target.patch.length === 2 ? 512 : 320);
  const { strides, kernels } = poolingPlan(target.patch, target.spacing, {
    ...(levels !== undefined && { most: levels }),
  });
  if (strides.length < 2) {
    throw new QuireError(
      `patches of ${target.patch.join(" x ")} are too small for a U-Net, which needs 12 places along an axis, or 8 along two: ` +
        "give larger ones by --side.",
    );
  }
  const counts = blocksDown(
    strides.map(() => blocks),
    strides.length,
  );
  return {
    stages: strides.map((stride, level) => ({
      ...{ stride, kernel: kernels[level] as readonly number[], blocks: counts[level] as number },
      features: Math.min(features * 2 ** level, most),
    })),
    blocksUp: blocksUp(
      strides.slice(1).map(() => blocks),
      strides.length,
    ),
  };
}

/** Blocks a level on the way down: one from the middle level on, as the released code sets them. */
export function blocksDown(blocks: readonly number[], levels: number): number[] {
  return blocks.map((count, level) => (level >= Math.ceil(levels / 2) ? 1 : count));
}

/** Blocks a level on the way up, likewise. */
export function blocksUp(blocks: readonly number[], levels: number): number[] {
  const first = Math.ceil((levels - 1) / 2 + 0.5);
  return blocks.map((count, step) => (step >= first ? 1 : count));
}

/** What stands after each level on the way down. */
function mixersOf(
  options: XlstmUNetOptions,
  stages: readonly UNetStage[],
  patch: readonly number[],
): (Layer | undefined)[] {
  const last = stages.length - 1;
  const form = options.form === undefined ? {} : { form: options.form };
  let size = [...patch];
  return stages.map(({ features: channels, stride, kernel }, level) => {
    size = size.map((length, axis) => Math.floor(length / (stride[axis] as number)));
    const places = size.reduce((product, length) => product * length, 1);
    /// Section 3.2, "Bot": the coarsest level is flattened to a row of its places.
    if (options.variant === "bot") {
      return level === last
        ? new TokenMixer({ channels, places, tokens: "places", ...form })
        : undefined;
    }
    const bias = options.plan?.innerBias ?? true;
    const block = (): ConvolutionBlock =>
      new ConvolutionBlock({ in: channels, out: channels, kernel, bias, shortcut: "identity" });
    /// Section 3.2, "Enc": where a level has no more places than channels, the channels are the tokens.
    const tokens = places <= channels ? "channels" : "places";
    const reads = (): TokenMixer => new TokenMixer({ channels, places, tokens, ...form });
    if (patch.length === 3) return level < 3 ? block() : reads();
    const isOdd = (level + stages.length) % 2 === 1;
    if (level > 1 && isOdd) return reads();
    return level === 1 ? block() : undefined;
  });
}

function checkPatch(patch: readonly number[], stages: readonly UNetStage[]): void {
  const divisors = patch.map((_, axis) =>
    stages.reduce((product, { stride }) => product * (stride[axis] as number), 1),
  );
  if (patch.every((length, axis) => length % (divisors[axis] as number) === 0)) return;
  throw new QuireError(
    `patches of ${patch.join(" x ")} are not divisible by the strides of the U-Net's levels, ${divisors.join(" x ")}: ` +
      "give another --side.",
  );
}

/** A Vision-LSTM whose patches each say their class; between their middles, logits are weighed by nearness. */
class VisionLstmSegmenter extends Module implements SegmentationNetwork {
  readonly backbone: VisionLstm;
  readonly head: Convolution;
  readonly patch: readonly number[];

  constructor({ backbone }: XlstmUNetOptions, { patch, channels, classes }: SegmentationTarget) {
    super();
    if (!backbone) throw new QuireError("a Vision-LSTM needs its sizes: options.backbone.");
    /// Norms as the first released version has them: one whose scale is learnt as its distance from 1, and a usual one.
    const norms = {
      blocks: { kind: "offset", epsilon: 1e-5 },
      joined: { kind: "usual", epsilon: 1e-6 },
    } as const;
    const end = { says: "patches", norms } as const;
    this.backbone = new VisionLstm({ ...backbone, end }, { channels, size: patch });
    const kernel = patch.map(() => 1);
    const layer = { in: backbone.width, out: classes, kernel, initial: kaimingNormal };
    this.head = new Convolution(layer);
    this.patch = patch;
  }

  /** `[B, C, ...patch] -> [B, K, ...patch]` */
  forward(x: Tensor, mode?: Mode): readonly [Tensor] {
    const tokens = this.backbone.forward(x, mode);
    const [batch, , width] = tokens.shape as [number, number, number];
    const grid = reshape(transpose(tokens, [0, 2, 1]), [batch, width, ...this.backbone.grid]);
    return [resize(this.head.forward(grid), { size: [...this.patch], mode: "linear" })];
  }
}
