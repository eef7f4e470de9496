import type { Paper, Preset } from "../paper.ts";
import type { PreNormOptions, PreNormTarget } from "./model.ts";

type PreNormPreset = Preset<PreNormOptions, PreNormTarget>;

/** A size of ViT for ImageNet's 1,000 classes. */
function vit(
  width: number,
  depth: number,
  heads: number,
  patch: number,
  parameters: number,
): PreNormPreset {
  const isDeit = width < 768;
  return {
    options: { shape: "vit", width, depth, heads },
    target: { size: 224, channels: 3, patch, classes: 1000 },
    parameters,
    source: isDeit
      ? "DeiT, table 1 (Touvron et al. 2021); counted exactly by timm"
      : "ViT, table 1 (Dosovitskiy et al. 2021); counted exactly in torchvision's table of models",
  };
}

/** A size of GPT-3. */
function gpt(
  width: number,
  depth: number,
  heads: number,
  parameters: number,
  note?: string,
): PreNormPreset {
  return {
    options: { shape: "gpt", width, depth, heads },
    target: { vocabulary: 50_257, length: 2048 },
    parameters,
    source: "GPT-3, table 2.1 (Brown et al. 2020), rounded there",
    ...(note !== undefined && { note }),
  };
}

const presets: Readonly<Record<string, PreNormPreset>> = {
  small: {
    options: { shape: "vit", width: 64, depth: 3, heads: 2 },
    target: { size: 28, channels: 1, patch: 7, classes: 10 },
    source: "ours, to see it within seconds",
  },
  "vit-ti": vit(192, 12, 3, 16, 5_717_416),
  "vit-s": vit(384, 12, 6, 16, 22_050_664),
  "vit-b": vit(768, 12, 12, 16, 86_567_656),
  "vit-l": vit(1024, 24, 16, 16, 304_326_632),
  "vit-h": vit(1280, 32, 16, 14, 632_045_800),
  "gpt3-small": gpt(768, 12, 12, 125e6),
  "gpt3-medium": gpt(1024, 24, 16, 350e6),
  "gpt3-large": gpt(1536, 24, 16, 760e6),
  "gpt3-xl": gpt(2048, 24, 16, 1.3e9, "24 heads of 128 stand in the table, wider than the model"),
  "gpt3-2.7b": gpt(2560, 32, 32, 2.7e9),
  "gpt3-6.7b": gpt(4096, 32, 32, 6.7e9),
  "gpt3-13b": gpt(
    5120,
    40,
    40,
    13e9,
    "a width of 5140 stands in the table, which 40 heads of 128 do not make",
  ),
  "gpt3-175b": gpt(12_288, 96, 96, 175e9),
  "bert-base": {
    options: { shape: "bert", width: 768, depth: 12, heads: 12 },
    target: { vocabulary: 30_522, length: 512 },
    source:
      "the size of BERT-base (Devlin et al. 2019) with its norms first; BERT itself norms the sums",
  },
};

/** What is known of Pre-RMSNorm and Pre-CRMSNorm transformers. */
export const paper: Paper<PreNormOptions, PreNormTarget> = {
  id: "pre-rmsnorm",
  title: "Pre-RMSNorm and Pre-CRMSNorm Transformers: Equivalent and Efficient Pre-LN Transformers",
  authors: ["Zixuan Jiang", "Jiaqi Gu", "Hanqing Zhu", "David Z. Pan"],
  year: 2023,
  arXiv: "2305.14858",
  family: "efficient attention",
  task: "method",
  summary:
    "Every norm of a Pre-LN transformer takes the mean away from the sum that runs through the model, and nobody else " +
    "reads that sum. So the mean can be kept at zero from the start: whatever writes to the sum is linear, and its " +
    "weights are recentred once. LayerNorm then is RMSNorm, exactly. Vectors without a mean need not carry their last " +
    "value, which is minus the sum of the others: that is CRMSNorm, on vectors shorter by one. The conversion goes both " +
    "ways and needs no training; recentring in each step trains the same model. quire convert MODEL --to pre-rmsnorm " +
    "does it to a run or to an ONNX file, and prints what differs.",
  presets,
  recipe: {},
  commands: [
    "npx quire convert runs/cct-1 --to pre-rmsnorm",
    "npx quire convert gpt2.onnx --to pre-crmsnorm --out gpt2-crms.onnx",
  ],
  deviations: [
    {
      from: "converted by replacing layers of a model whose code is at hand",
      to: "converted by rewriting the traced graph, with norms found wherever they stand",
      why: "it works on files that others made, and on models that nobody wrote a conversion for",
    },
    {
      from: "a vector that no linear layer wrote is centred at the model's entry",
      to: "centred wherever one enters the sum, if at least two norms profit from each; else the norms stay",
      why: "a centring costs about as much as the mean it saves",
    },
    {
      from: "scale and shift of a norm are left out of the measured layers",
      to: "they are folded into the linear layer that reads the norm, or stay in the norm where none does",
      why: "trained models have them",
    },
    {
      from: "trained as Pre-RMSNorm with recentred layers in place of linear ones",
      to: "the same by rewriting the traced scores; where entries of the sum, or of what is added to it, are dropped, norms stay",
      why: "what is dropped from a vector without mean leaves one with a mean",
    },
    {
      from: "timed on an A100, a TPU and an EPYC processor with kernels made by compilers",
      to: "timed on a processor with ONNX Runtime's kernels, which has fused ones for LayerNorm and RMSNorm, none for CRMSNorm",
      why: "that is where Quire runs",
    },
  ],
  claims: [
    {
      id: "exact",
      statement:
        "Pre-LN, Pre-RMSNorm and Pre-CRMSNorm transformers compute the same, and become one another.",
      figure:
        "the same function by proof (sections 3.2 and 3.3); the official example finds outputs close",
      direction:
        "Of models like ViT, GPT and BERT with random weights, no logit moves by more than 1e-5 of the largest, there and back.",
    },
    {
      id: "training",
      statement: "Training with weights recentred in each step is training the Pre-LN model.",
      figure: "the same gradients by proof (section 3.2)",
      direction:
        "Over 20 steps the gradients of all parameters differ by less than 1e-4 of their length, and so do the losses of models that train apart.",
    },
    {
      id: "rms-speed",
      statement: "A Pre-RMSNorm transformer is faster than the Pre-LN transformer it equals.",
      figure: "1 % to 9 % less time in inference (section 4, figures 2 and 3)",
      direction:
        "The mean ratio of times over widths of 256 to 1,024 is below 1 by more than its spread over seeds.",
    },
    {
      id: "crms-speed",
      statement: "A Pre-CRMSNorm transformer is faster than the Pre-LN transformer it equals.",
      figure: "up to 10 % less time in inference (section 4, figures 2 and 3)",
      direction:
        "The mean ratio of times over widths of 256 to 1,024 is below 1 by more than its spread over seeds.",
    },
  ],
};
