import type { ResidualUNet, UNetStage } from "@quire/nn";
import { type HostTensor, hostTensor, type Shape, sizeOf } from "@quire/tensor";
import { loadModel, modelTensors } from "@quire/train";
import { fromOfficial, type OfficialName, type State, toOfficial } from "../official-weights.ts";
import type { SegmentationTarget } from "../tasks/segmentation-target.ts";
import { blocksDown, blocksUp, type XlstmUNetOptions } from "./model.ts";

/// Names of the released code (tianrun-chen/xLSTM-UNet-PyTorch, UxLSTM/nnunetv2/nets): a level's first block is a
/// BasicResBlock, all others BasicBlockD of dynamic_network_architectures.
const firstBlock: readonly (readonly [ours: string, official: string])[] = [
  ["firstNorm.", "norm1."],
  ["first.", "conv1."],
  ["secondNorm.", "norm2."],
  ["second.", "conv2."],
  ["shortcut.", "conv3."],
];
const innerBlock: readonly (readonly [ours: string, official: string])[] = [
  ["firstNorm.", "conv1.norm."],
  ["first.", "conv1.conv."],
  ["secondNorm.", "conv2.norm."],
  ["second.", "conv2.conv."],
];

/** Names within a block of Vision-LSTM; `convolution` is what its convolution is called. */
export function officialBlockName(ours: string, convolution: string): string {
  const parts: readonly (readonly [ours: string, official: string])[] = [
    ["layer.up.", "layer.proj_up."],
    ["layer.convolution.windows.", `layer.${convolution}.`],
    ["layer.query.", "layer.q_proj."],
    ["layer.key.", "layer.k_proj."],
    ["layer.value.", "layer.v_proj."],
    ["layer.cell.inputGate.", "layer.mlstm_cell.igate."],
    ["layer.cell.forgetGate.", "layer.mlstm_cell.fgate."],
    ["layer.cell.norm.", "layer.mlstm_cell.outnorm."],
    ["layer.skip", "layer.learnable_skip"],
    ["layer.down.", "layer.proj_down."],
    ["norm.", "norm."],
  ];
  return replaced(ours, parts);
}

function replaced(ours: string, parts: readonly (readonly [string, string])[]): string {
  const found = parts.find(([own]) => ours.startsWith(own));
  if (!found) throw new Error(`${ours} has no official name.`);
  return found[1] + ours.slice(found[0].length);
}

/** The official name of each of a U-Net's tensors. */
export function officialNames(model: ResidualUNet): OfficialName[] {
  const isBot = model.mixers.slice(0, -1).every((mixer) => mixer === undefined);
  return model.namedState().map(([ours, { shape }]) => {
    return { official: nameOf(ours, isBot), ours, shape, officialShape: shape };
  });
}

function nameOf(ours: string, isBot: boolean): string {
  const [part = "", level = "", ...rest] = ours.split(".");
  const inner = rest.join(".");
  if (part === "up") return `decoder.upsample_layers.${level}.conv.${rest.at(-1)}`;
  if (part === "heads") return `decoder.seg_layers.${level}.${inner}`;
  if (part === "mixers") return mixerName(level, inner, isBot);
  const isStem = part === "stem";
  const [place, own] = isStem ? [level, inner] : [rest[0] as string, rest.slice(1).join(".")];
  const block = replaced(own, place === "0" ? firstBlock : innerBlock);
  if (isStem) return `encoder.stem.${place}.${block}`;
  const side = part === "stagesUp" ? "decoder.stages" : "encoder.stages";
  return `${side}.${level}.${place}.${block}`;
}

/** Bot's only block stands beside the encoder, Enc's stand in it, as do blocks of convolutions in their place. */
function mixerName(level: string, inner: string, isBot: boolean): string {
  const place = isBot ? "xlstm" : `encoder.xlstm_layers.${level}`;
  if (!inner.startsWith("block.")) return `${place}.${replaced(inner, innerBlock)}`;
  return `${place}.vil.${officialBlockName(inner.slice("block.".length), "conv1d.conv")}`;
}

/** Names by which the released code holds a tensor once more, or a norm that it builds and never uses. */
function furtherNames(official: readonly string[]): {
  /** By each further name the one that is loaded. */
  readonly same: ReadonlyMap<string, string>;
  /** Tensors of norms that are never used. */
  readonly unused: readonly string[];
} {
  const inBlocks = official.flatMap((name): [string, string][] => {
    const found = /^(.*\.conv[12])\.(conv|norm)\.(weight|bias)$/.exec(name);
    if (!found) return [];
    const [, block, kind, what] = found;
    return [[`${block}.all_modules.${kind === "conv" ? 0 : 1}.${what}`, name]];
  });
  const all = [...official.map((name) => [name, name] as const), ...inBlocks];
  const inDecoder = all
    .filter(([name]) => name.startsWith("encoder."))
    .map(([name, of]) => [`decoder.${name}`, of] as const);
  const prefixes = new Set(
    official.flatMap((name) => /^(.*?)vil\.norm\.weight$/.exec(name)?.slice(1) ?? []),
  );
  return {
    same: new Map([...inBlocks, ...inDecoder]),
    unused: [...prefixes].flatMap((prefix) => {
      const own = [`${prefix}norm.weight`, `${prefix}norm.bias`];
      return prefix.startsWith("encoder.")
        ? [...own, ...own.map((name) => `decoder.${name}`)]
        : own;
    }),
  };
}

/**
 * Gives a U-Net the weights of an official checkpoint's network.
 *
 * @throws QuireError that lists what does not fit; the model is unchanged then.
 */
export async function loadOfficial(model: ResidualUNet, state: State): Promise<void> {
  const names = officialNames(model);
  const { same, unused } = furtherNames(names.map(({ official }) => official));
  await loadModel(model, fromOfficial(state, names, [...same.keys(), ...unused]));
}

/** A U-Net's weights as the released code holds them, each under all of its names; norms without use as they begin. */
export async function officialState(model: ResidualUNet): Promise<Map<string, HostTensor>> {
  const names = officialNames(model);
  const state = toOfficial(await modelTensors(model), names);
  const { same, unused } = furtherNames(names.map(({ official }) => official));
  for (const [name, of] of same) state.set(name, state.get(of) as HostTensor);
  for (const name of unused) {
    const beside = name.replace(/norm\.(weight|bias)$/, "vil.norm.weight");
    const shape = state.get(beside)?.shape as Shape;
    const value = name.endsWith("weight") ? 1 : 0;
    state.set(name, hostTensor(new Float32Array(sizeOf(shape)).fill(value), shape));
  }
  return state;
}

/** The arguments of the official classes of U-Nets, under their names; norms and rectifiers are those of its plans. */
export interface OfficialUNetArguments {
  readonly class: "UXlstmBot" | "UXlstmEnc";
  /** 2 of pictures, 3 of volumes. */
  readonly axes: 2 | 3;
  readonly input_size: readonly number[];
  readonly input_channels: number;
  readonly n_stages: number;
  readonly features_per_stage: number | readonly number[];
  readonly kernel_sizes: readonly (readonly number[])[];
  readonly strides: number | readonly (number | readonly number[])[];
  readonly n_conv_per_stage: number | readonly number[];
  readonly num_classes: number;
  readonly n_conv_per_stage_decoder: number | readonly number[];
  readonly conv_bias?: boolean;
  readonly deep_supervision?: boolean;
}

/** The options and the target of the system that an official class makes of its arguments. */
export function fromOfficialArguments(given: OfficialUNetArguments): {
  readonly options: XlstmUNetOptions;
  readonly target: SegmentationTarget;
} {
  const { n_stages: levels, axes, input_size: patch, strides } = given;
  const each = <T>(value: T | readonly T[], count: number): readonly T[] =>
    Array.isArray(value)
      ? (value as readonly T[])
      : Array.from({ length: count }, () => value as T);
  const features = each(given.features_per_stage, levels);
  const counts = blocksDown(each(given.n_conv_per_stage, levels), levels);
  const stages = Array.from({ length: levels }, (_, level): UNetStage => {
    const stride = typeof strides === "number" ? strides : strides[level];
    return {
      features: features[level] as number,
      kernel: given.kernel_sizes[level] as readonly number[],
      stride: typeof stride === "number" ? patch.map(() => stride) : (stride as readonly number[]),
      blocks: counts[level] as number,
    };
  });
  return {
    options: {
      variant: given.class === "UXlstmBot" ? "bot" : "enc",
      plan: {
        stages,
        blocksUp: blocksUp(each(given.n_conv_per_stage_decoder, levels - 1), levels),
        innerBias: given.conv_bias ?? false,
      },
    },
    target: {
      ...{ patch, channels: given.input_channels, classes: given.num_classes },
      spacing: Array.from({ length: axes }, () => 1),
    },
  };
}
