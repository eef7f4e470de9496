import type { Preset } from "../paper.ts";
import type { ImageClassificationPaper, ImageTarget } from "../tasks/image-target.ts";
import type { CompactTransformerOptions, TokenizerOptions } from "./model.ts";

type CompactPreset = Preset<CompactTransformerOptions, ImageTarget>;

/** Widths and depths by the published numbers of layers. */
const sizes = {
  2: { depth: 2, width: 128, heads: 2, ratio: 1 },
  4: { depth: 4, width: 128, heads: 2, ratio: 1 },
  6: { depth: 6, width: 256, heads: 4, ratio: 2 },
  7: { depth: 7, width: 256, heads: 4, ratio: 2 },
  14: { depth: 14, width: 384, heads: 6, ratio: 3 },
} as const;

type Depth = keyof typeof sizes;

function images(side: number, classes: number): ImageTarget {
  return { height: side, width: side, channels: 3, classes };
}

/** Stride and padding as the official code derives them of the kernel. */
function convolutions(kernel: number, layers: number): TokenizerOptions {
  const half = Math.floor(kernel / 2);
  return { kernel, layers, stride: Math.max(1, half - 1), padding: Math.max(1, half) };
}

const common = { summary: "sequence pooling", positions: "learned" } as const;
const sine = { positions: "sine" } as const;
const table = "the paper's tables of sizes";
const code = "counted from the official code, src/";

function cct(depth: Depth, kernel: number, layers: number): CompactTransformerOptions {
  return { ...common, ...sizes[depth], tokenizer: convolutions(kernel, layers) };
}

function cvt(depth: Depth): CompactTransformerOptions {
  return { ...common, ...sizes[depth], tokenizer: { patch: 4 } };
}

function vit(depth: Depth): CompactTransformerOptions {
  return { ...cvt(depth), summary: "class token" };
}

const sineNote = "the official factory builds learned positions by mistake";

/** The sizes that official code names, by its names; the first is ours. */
const presets: Readonly<Record<string, CompactPreset>> = {
  small: {
    options: {
      ...cct(2, 3, 2),
      regularization: { dropout: 0, attention: 0.1, stochasticDepth: 0 },
    },
    target: images(32, 10),
    source: "CCT-2/3x2 without stochastic depth, for small pictures and small data sets",
    defaultFor: [4, 64],
  },
  cct_2_3x2_32: {
    options: cct(2, 3, 2),
    target: images(32, 10),
    parameters: 283_723,
    source: `0.28 M in ${table}`,
  },
  cct_2_3x2_32_sine: {
    options: { ...cct(2, 3, 2), ...sine },
    target: images(32, 10),
    parameters: 275_531,
    source: code,
    note: sineNote,
  },
  cct_4_3x2_32: {
    options: cct(4, 3, 2),
    target: images(32, 10),
    parameters: 482_123,
    source: `0.48 M in ${table}`,
  },
  cct_4_3x2_32_sine: {
    options: { ...cct(4, 3, 2), ...sine },
    target: images(32, 10),
    parameters: 473_931,
    source: code,
    note: sineNote,
  },
  cct_6_3x1_32: {
    options: cct(6, 3, 1),
    target: images(32, 10),
    parameters: 3_233_803,
    source: `3.23 M in ${table}`,
  },
  cct_6_3x1_32_sine: {
    options: { ...cct(6, 3, 1), ...sine },
    target: images(32, 10),
    parameters: 3_168_267,
    source: `3.17 M in ${table}`,
    note: sineNote,
  },
  cct_6_3x2_32: {
    options: cct(6, 3, 2),
    target: images(32, 10),
    parameters: 3_326_923,
    source: code,
  },
  cct_6_3x2_32_sine: {
    options: { ...cct(6, 3, 2), ...sine },
    target: images(32, 10),
    parameters: 3_310_539,
    source: code,
    note: sineNote,
  },
  cct_7_3x1_32: {
    options: cct(7, 3, 1),
    target: images(32, 10),
    parameters: 3_760_139,
    source: `3.76 M in ${table}`,
  },
  cct_7_3x1_32_sine: {
    options: { ...cct(7, 3, 1), ...sine },
    target: images(32, 10),
    parameters: 3_694_603,
    source: "3.7 M in the abstract",
    note: sineNote,
  },
  cct_7_3x1_32_c100: {
    options: cct(7, 3, 1),
    target: images(32, 100),
    parameters: 3_783_269,
    source: code,
  },
  cct_7_3x1_32_sine_c100: {
    options: { ...cct(7, 3, 1), ...sine },
    target: images(32, 100),
    parameters: 3_717_733,
    source: code,
    note: sineNote,
  },
  cct_7_3x2_32: {
    options: cct(7, 3, 2),
    target: images(32, 10),
    parameters: 3_853_259,
    source: `3.85 M in ${table}`,
  },
  cct_7_3x2_32_sine: {
    options: { ...cct(7, 3, 2), ...sine },
    target: images(32, 10),
    parameters: 3_836_875,
    source: code,
    note: sineNote,
  },
  cct_7_7x2_224: {
    options: cct(7, 7, 2),
    target: images(224, 102),
    parameters: 4_573_735,
    source: code,
  },
  cct_7_7x2_224_sine: {
    options: { ...cct(7, 7, 2), ...sine },
    target: images(224, 102),
    parameters: 4_523_559,
    source: code,
    note: sineNote,
    defaultFor: [65, 4096],
  },
  cct_14_7x2_224: {
    options: cct(14, 7, 2),
    target: images(224, 1000),
    parameters: 22_367_273,
    source: `22.36 M in ${table}`,
  },
  cct_14_7x2_384: {
    options: cct(14, 7, 2),
    target: images(384, 1000),
    parameters: 22_513_193,
    source: `22.51 M in ${table}`,
  },
  cct_14_7x2_384_fl: {
    options: cct(14, 7, 2),
    target: images(384, 102),
    parameters: 22_167_463,
    source: code,
  },
  ...patchPresets("cvt", cvt, {
    2: [214_539, 206_347],
    4: [412_939, 404_747],
    6: [3_190_283, 3_173_899],
    7: [3_716_619, 3_700_235],
  }),
  ...patchPresets("vit", vit, {
    2: [214_666, 206_346],
    4: [413_066, 404_746],
    6: [3_190_538, 3_173_898],
    7: [3_716_874, 3_700_234],
  }),
};

/** CVT and ViT-Lite of patches of 4 for images of 32, with learned and with sine positions. */
function patchPresets(
  name: string,
  options: (depth: Depth) => CompactTransformerOptions,
  counts: Readonly<Record<number, readonly [learned: number, sine: number]>>,
): Record<string, CompactPreset> {
  const made = Object.entries(counts).flatMap(([depth, [learned, withSine]]) => {
    const own = options(Number(depth) as Depth);
    const rest = { target: images(32, 10), source: code };
    return [
      [`${name}_${depth}_4_32`, { ...rest, options: own, parameters: learned }],
      [
        `${name}_${depth}_4_32_sine`,
        {
          ...rest,
          options: { ...own, ...sine },
          parameters: withSine,
          ...(name === "cvt" ? { note: sineNote } : {}),
        },
      ],
    ] as const;
  });
  return Object.fromEntries(made);
}

/** Escaping the Big Data Paradigm with Compact Transformers. */
export const paper: ImageClassificationPaper<CompactTransformerOptions> = {
  id: "cct",
  title: "Escaping the Big Data Paradigm with Compact Transformers",
  authors: [
    "Ali Hassani",
    "Steven Walton",
    "Nikhil Shah",
    "Abulikemu Abuduweili",
    "Jiachen Li",
    "Humphrey Shi",
  ],
  year: 2021,
  arXiv: "2104.05704",
  family: "vision backbones",
  task: "image-classification",
  summary:
    "A vision transformer that learns from small data sets from scratch. Overlapping convolutions and pooling " +
    "make its tokens, so that it knows of neighbourhood without being told positions; and the classifier reads a " +
    "learned weighted mean of all tokens instead of a class token. ViT-Lite (small patches, class token) and CVT " +
    "(small patches, pooled sequence) are the steps towards it.",
  presets,
  /// Configuration of the official CIFAR-10 run of 300 epochs. RandAugment stands for AutoAugment there too.
  recipe: {
    epochs: 300,
    batchSize: 128,
    learningRate: 5.5e-4,
    warmUp: 10,
    weightDecay: 0.06,
    labelSmoothing: 0.1,
    augment: {
      crop: 4,
      flip: true,
      randAugment: { count: 2, magnitude: 9 },
      mixup: 0.8,
      cutmix: 1,
    },
  },
  deviations: [
    {
      from: "the official factories of CCT and CVT build learned positions under names that say sine",
      to: "those presets have sine positions",
      why: "that is what their names and the paper's counts say; ViT-Lite's factory does so too",
    },
    {
      from: "images are cropped to a random scale and ratio and resized",
      to: "images are padded by four pixels and cropped",
      why: "it is the usual crop for small images, and resizing adds nothing here",
    },
    {
      from: "the same blocks over words of a text, in an appendix and the official code",
      to: "left out",
      why: "the paper's claims, and the task, are of pictures",
    },
    {
      from: "mixup and cutmix end at epoch 175, and 10 epochs at the lowest rate follow",
      to: "they stay on, and the rate falls to zero",
      why: "runs here are far shorter than 300 epochs",
    },
  ],
  claims: [
    {
      id: "convolutions",
      statement:
        "On a small data set a compact convolutional transformer is more accurate than the same transformer on patches (CVT).",
      figure:
        "CIFAR-10, 200 epochs: CCT-7/3x2 93.83 %, CVT-7/4 92.43 % (the official code, examples/README.md)",
      direction: "Test accuracy of CCT is above CVT's.",
    },
    {
      id: "pooling",
      statement: "Sequence pooling is more accurate than a class token on the same patches.",
      figure:
        "CIFAR-10, 200 epochs: CVT-7/4 92.43 %, ViT-Lite-7/4 91.38 % (the official code, examples/README.md)",
      direction: "Test accuracy of CVT is above ViT-Lite's.",
    },
    {
      id: "positions",
      statement: "Without positions ViT-Lite loses clearly, CCT hardly.",
      figure: "the paper: convolutions make positions optional, without a number here",
      direction: "ViT-Lite loses accuracy without positions, and more than twice what CCT loses.",
    },
    {
      id: "convolutional-network",
      statement: "CCT is more accurate than a convolutional network of its size.",
      figure: "the abstract: CCT outperforms many modern convolutional networks on small data sets",
      direction: "Test accuracy of CCT is above the convolutional network's.",
    },
  ],
};
