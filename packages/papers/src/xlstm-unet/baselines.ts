// B batch, C channels, T places

import {
  Convolution,
  ConvolutionBlock,
  countParameters,
  InstanceNorm,
  kaimingNormal,
  type Layer,
  LearnedPositions,
  type Mode,
  Module,
  type ResidualUNet,
  TransformerBlock,
} from "@quire/nn";
import { add, leakyRelu, reshape, type Tensor, transpose } from "@quire/tensor";
import type { ComparedSegmenter } from "../tasks/segmentation-comparison.ts";
import type { SegmentationTarget } from "../tasks/segmentation-target.ts";
import { TokenMixer } from "./mixer.ts";
import { build, planUNet, uNetOf, type XlstmUNetOptions } from "./model.ts";

/** What reads the coarsest level in place of a block of Vision-LSTM. */
export type Reader =
  | "Vision-LSTM"
  | "two more convolutions"
  | "two convolutions of as many parameters"
  | "self-attention";

/** The coarsest level: its channels, and its places along each axis. */
interface Coarsest {
  readonly channels: number;
  readonly size: readonly number[];
}

const placesOf = (size: readonly number[]): number => size.reduce((all, length) => all * length, 1);

const readers: Readonly<Record<Reader, (level: Coarsest) => Layer>> = {
  "Vision-LSTM": ({ channels, size }) =>
    new TokenMixer({ channels, places: placesOf(size), tokens: "places" }),
  "two more convolutions": ({ channels, size }) => {
    const kernel = size.map(() => 3);
    return new ConvolutionBlock({ in: channels, out: channels, kernel, shortcut: "identity" });
  },
  "two convolutions of as many parameters": (level) => {
    const wanted = countParameters(readers["Vision-LSTM"](level));
    const { channels, size } = level;
    const each = 2 * 3 ** size.length * channels + 3;
    return new NarrowConvolutions(level, Math.max(1, Math.round((wanted - 3 * channels) / each)));
  },
  "self-attention": (level) => new AttentionMixer(level),
};

/** Two convolutions with fewer channels between them. `[B, C, ...space]`, the same */
class NarrowConvolutions extends Module implements Layer {
  readonly first: Convolution;
  readonly firstNorm: InstanceNorm;
  readonly second: Convolution;
  readonly secondNorm: InstanceNorm;

  constructor({ channels, size }: Coarsest, between: number) {
    super();
    const layer = { kernel: size.map(() => 3), initial: kaimingNormal };
    this.first = new Convolution({ in: channels, out: between, ...layer }, { padding: 1 });
    this.firstNorm = new InstanceNorm(between);
    this.second = new Convolution({ in: between, out: channels, ...layer }, { padding: 1 });
    this.secondNorm = new InstanceNorm(channels);
  }

  /** `[B, C, ...space] -> [B, C, ...space]` */
  forward(x: Tensor): Tensor {
    const once = leakyRelu(this.firstNorm.forward(this.first.forward(x)));
    return leakyRelu(add(this.secondNorm.forward(this.second.forward(once)), x));
  }
}

/** A transformer block over the places, which have learned positions. `[B, C, ...space]`, the same */
class AttentionMixer extends Module implements Layer {
  readonly positions: LearnedPositions;
  readonly block: TransformerBlock;

  constructor({ channels: width, size }: Coarsest) {
    super();
    this.positions = new LearnedPositions({ length: placesOf(size), width });
    this.block = new TransformerBlock({
      ...{ width, attention: { heads: 4 }, feedForward: { ratio: 1 } },
    });
  }

  /** `[B, C, ...space] -> [B, C, ...space]` */
  forward(x: Tensor, mode?: Mode): Tensor {
    const [batch, channels, ...space] = x.shape as [number, number, ...number[]];
    const tokens = transpose(reshape(x, [batch, channels, placesOf(space)]), [0, 2, 1]);
    const walked = this.block.forward(this.positions.forward(tokens), mode);
    return reshape(transpose(walked, [0, 2, 1]), x.shape);
  }
}

/** The U-Net of options for a target, with a reader at its coarsest level. */
export function withReader(
  reader: Reader,
  options: XlstmUNetOptions,
  target: SegmentationTarget,
): ResidualUNet {
  const plan = planUNet(options, target);
  const last = plan.stages.length - 1;
  const size = target.patch.map((length, axis) =>
    plan.stages.reduce((left, { stride }) => left / (stride[axis] as number), length),
  );
  const channels = plan.stages[last]?.features ?? 0;
  const mixers = plan.stages.map((_, level) =>
    level === last ? readers[reader]({ channels, size }) : undefined,
  );
  return uNetOf(target, plan, mixers);
}

/** The paper's networks and the same U-Net with other readers, as a comparison takes them. */
export function contestants(
  names: readonly ("xLSTM-UNet, Bot" | "xLSTM-UNet, Enc" | Exclude<Reader, "Vision-LSTM">)[],
  options: Omit<XlstmUNetOptions, "variant">,
  figures: Readonly<Record<string, string>> = {},
): ComparedSegmenter[] {
  return names.map((name) => {
    const figure = figures[name];
    const own = { name, ...(figure !== undefined && { figure }) };
    if (name === "xLSTM-UNet, Bot" || name === "xLSTM-UNet, Enc") {
      const given = { ...options, variant: name.endsWith("Bot") ? "bot" : "enc" } as const;
      return { ...own, options: given, build: (target) => build(given, target) };
    }
    const given = { ...options, variant: "bot" } as const;
    return {
      ...{ ...own, options: { ...given, reader: name } },
      name: `the same U-Net with ${name}`,
      build: (target: SegmentationTarget) => withReader(name, given, target),
    };
  });
}
