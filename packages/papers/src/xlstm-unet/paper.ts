import type { Preset } from "../paper.ts";
import type { SegmentationPaper, SegmentationTarget } from "../tasks/segmentation-target.ts";
import type { XlstmUNetOptions } from "./model.ts";

const pictures: SegmentationTarget = {
  ...{ patch: [512, 512], spacing: [1, 1], channels: 3, classes: 3 },
};
const volumes: SegmentationTarget = {
  ...{ patch: [48, 160, 224], spacing: [3, 1.2, 1.2], channels: 1, classes: 14 },
};
const photographs: SegmentationTarget = {
  ...{ patch: [224, 224], spacing: [1, 1], channels: 3, classes: 1000 },
};

const code = "counted from the official code";

/** Vision-LSTM of 24 blocks, whose patches each say what its classifier says of the whole picture. */
function visionLstmPresets(
  sizes: Readonly<Record<string, readonly [width: number, parameters: number]>>,
): Record<string, Preset<XlstmUNetOptions, SegmentationTarget>> {
  const made = Object.entries(sizes).map(([name, [width, parameters]]) => {
    const backbone = {
      ...{ width, depth: 24, patch: { side: 16 } },
      convolution: { kind: "causal", kernel: 4 },
      bias: { projections: false, norms: false },
    } as const;
    const options = { variant: "vision-lstm", backbone } as const;
    const source = `Vision-LSTM, table of sizes: ${(parameters / 1e6).toFixed(1)} M; ${code}`;
    return [name, { options, target: photographs, parameters, source }] as const;
  });
  return Object.fromEntries(made);
}

/** xLSTM-UNet: Chen et al. 2024, with Vision-LSTM of Alkin et al. 2024. */
export const paper: SegmentationPaper<XlstmUNetOptions> = {
  id: "xlstm-unet",
  title:
    "xLSTM-UNet can be an Effective 2D & 3D Medical Image Segmentation Backbone with Vision-LSTM (ViL) better than its Mamba Counterpart",
  authors: [
    "Tianrun Chen",
    "Chaotao Ding",
    "Lanyun Zhu",
    "Tao Xu",
    "Deyi Ji",
    "Yan Wang",
    "Ying Zang",
    "Zejian Li",
  ],
  year: 2024,
  arXiv: "2407.01530",
  family: "medical and dense vision",
  task: "segmentation",
  summary:
    "A U-Net that says the organ or cell of each place of a picture or a volume. Convolutions see what is near; what is far " +
    "meets in blocks of Vision-LSTM, which read a coarse level as a row of tokens with a matrix memory: keys and values are " +
    "written into a matrix that fades by gates, and queries read it, at a cost that grows with the length and not with its " +
    "square. One such block stands at the coarsest level (Bot), or several on the way down (Enc).",
  presets: {
    small: {
      options: { variant: "bot", features: 16, mostFeatures: 128, blocks: 1 },
      target: { patch: [96, 96], spacing: [1, 1], channels: 1, classes: 2 },
      source: "a size of our own that learns in minutes: half of the channels, one block a level",
    },
    bot: {
      options: { variant: "bot", features: 32, blocks: 2 },
      target: pictures,
      parameters: 64_718_973,
      source: `cells under the microscope, nnU-Net's plan; ${code}`,
    },
    enc: {
      options: { variant: "enc", features: 32, blocks: 2 },
      target: pictures,
      parameters: 64_009_597,
      source: `cells under the microscope, nnU-Net's plan; ${code}`,
    },
    "bot-3d": {
      options: { variant: "bot", features: 32, blocks: 2 },
      target: volumes,
      parameters: 41_911_566,
      source: `abdomen in MRI, nnU-Net's plan; ${code}`,
    },
    "enc-3d": {
      options: { variant: "enc", features: 32, blocks: 2 },
      target: volumes,
      parameters: 43_728_072,
      source: `abdomen in MRI, nnU-Net's plan; ${code}`,
    },
    ...visionLstmPresets({
      "vil-t": [192, 6_088_360],
      "vil-s": [384, 22_792_360],
      "vil-b": [768, 88_050_856],
    }),
  },
  settings: {
    variant: {
      kind: "choice",
      summary:
        "Where blocks of Vision-LSTM stand: at the coarsest level, or at many on the way down",
      words: ["bot", "enc"],
    },
    features: { kind: "whole", summary: "Channels of the finest level", from: 2, to: 256 },
    mostFeatures: { kind: "whole", summary: "The most channels of a level", from: 2, to: 2048 },
    blocks: { kind: "whole", summary: "Blocks of two convolutions a level", from: 1, to: 8 },
    levels: { kind: "whole", summary: "The most levels below the finest one", from: 1, to: 8 },
  },
  /// Section 4.2 and nnU-Net's trainer: SGD with Nesterov's momentum of 0.99, a rate that falls as a power, 250 batches
  /// an epoch.
  recipe: {
    ...{ epochs: 1000, batchSize: 12, batchesPerEpoch: 250, learningRate: 0.01, warmUp: 0 },
    ...{ weightDecay: 3e-5, clipNorm: 12, power: 0.9, foreground: 0.33 },
    augment: { mirror: true, turn: true, values: true },
  },
  deviations: [
    {
      from: "a block's row is read from both ends in turn, as Vision-LSTM has it",
      to: "every block of the U-Net reads from the first place on",
      why: "the released networks do; Vision-LSTM itself, which is here too, takes turns",
    },
    {
      from: "volumes are resampled to one spacing, and patches blurred and coarsened at random",
      to: "volumes stay on their own grid; patches are mirrored, turned, scaled, and changed in brightness, contrast, gamma and noise",
      why: "what is left makes little difference to data of one source, and none to who reads the model",
    },
    {
      from: "predictions are averaged over mirrored copies",
      to: "they are blended over overlapping windows alone",
      why: "mirroring costs four or eight times as much and can be had by calling the model so",
    },
    {
      from: "a norm before each block of Vision-LSTM is there and never used",
      to: "it is not there",
      why: "its parameters would never learn; official checkpoints are read without it",
    },
    {
      from: "a thousand epochs of 250 batches",
      to: "8,000 patches on data of one's own unless more are asked for",
      why: "so a training takes minutes on a processor",
    },
  ],
  claims: [
    {
      id: "exact",
      statement:
        "The matrix memory gives the same over all pairs of tokens, in chunks, and step by step.",
      figure: "not measured; the forms are equal by algebra (xLSTM, appendix A)",
      direction:
        "Values and all gradients of both other forms differ from those over all pairs by less than 1e-5 of the largest, up to 1000 tokens.",
    },
    {
      id: "far-marker",
      statement:
        "A block of Vision-LSTM at the coarsest level brings together what is far apart, where convolutions of as many parameters do not.",
      figure: "not measured so; section 1 gives it as the reason for the design",
      direction:
        "Dice of blobs whose class a marker at the far side tells exceeds that of the same U-Net with two more convolutions, narrow ones of as many parameters and full ones.",
    },
    {
      id: "brain-slices",
      statement: "xLSTM-UNet segments slices of MRI better than a U-Net of convolutions.",
      figure: "abdomen MRI in 2-D: ahead of nnU-Net and U-Mamba (section 4)",
      direction:
        "Dice of five regions of the brain, in slices of slabs that were not learnt from, exceeds that of the same U-Net with two more convolutions.",
    },
    {
      id: "brain-volumes",
      statement: "xLSTM-UNet segments volumes of MRI better than a U-Net of convolutions.",
      figure: "abdomen MRI in 3-D: ahead of nnU-Net and U-Mamba (section 4)",
      direction:
        "Dice of five regions, learnt from one half of a head and measured on the other, exceeds that of the same U-Net with two more convolutions.",
    },
    {
      id: "cells",
      statement:
        "xLSTM-UNet tells cells in pictures of microscopes apart better than a U-Net of convolutions.",
      figure:
        "microscopy F1: nnU-Net .5383, U-Mamba_Enc .5607, xLSTM-UNet_Bot .5818, _Enc .6036 (section 4)",
      direction:
        "F1 of cells that touch and overlap exceeds that of the same U-Net with two more convolutions.",
    },
  ],
};
