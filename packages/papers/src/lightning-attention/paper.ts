import type { Preset } from "../paper.ts";
import type { LanguagePaper, LanguageTarget } from "../tasks/language-target.ts";
import type { TransNormerOptions } from "./model.ts";

type TransNormerPreset = Preset<TransNormerOptions, LanguageTarget>;

type Size = Pick<TransNormerOptions, "width" | "depth" | "heads" | "feedForward">;

const sizes = {
  "385m": { width: 1024, depth: 24, heads: 8, feedForward: 2816 },
  "1b": { width: 2048, depth: 16, heads: 16, feedForward: 5632 },
  "3b": { width: 2560, depth: 32, heads: 20, feedForward: 6912 },
  "7b": { width: 4096, depth: 30, heads: 32, feedForward: 11_008 },
  "13b": { width: 5120, depth: 36, heads: 40, feedForward: 13_824 },
  "15b": { width: 5120, depth: 42, heads: 40, feedForward: 13_824 },
  "65b": { width: 8192, depth: 72, heads: 64, feedForward: 22_016 },
} as const satisfies Record<string, Size>;

const configured =
  "the defaults of the released configuration (TransnormerConfig), counted from them";
/// The first author's own count (OpenNLPLab/TransnormerLLM, issue 6): tokens D + layers (5 D² + 3 D E), where E is 8 D / 3
/// rounded up to a multiple of 256. It gives every hidden width above, and 380.5 · 2²⁰ for 385M.
const rule =
  "the official table of variants' width, depth and heads; hidden width and count by the first author's rule " +
  "(OpenNLPLab/TransnormerLLM, issue 6)";

/** A model as it was released: a head of its own. */
function released(
  size: Size,
  parameters: number,
  source: string,
  { vocabulary = 64_000, note = "its name counts one of the two matrices of tokens" } = {},
): TransNormerPreset {
  return {
    options: size,
    target: { vocabulary, context: 2048 },
    parameters,
    source,
    note,
  };
}

/** A model as the table counts it: OPT's 50,272 tokens in one matrix, and angles in every layer. */
function tabled(size: Size, parameters: number): TransNormerPreset {
  return {
    options: {
      ...size,
      lrpe: { blocks: "all", form: "rotation" },
      embedding: { tied: true },
    },
    target: { vocabulary: 50_272, context: 2048 },
    parameters,
    source: "table of model variants in TransNormerLLM (Qin et al. 2023, arXiv 2307.14995)",
  };
}

const presets: Readonly<Record<string, TransNormerPreset>> = {
  small: {
    options: { width: 128, depth: 4, heads: 4, feedForward: 352 },
    target: { vocabulary: 4096, context: 256 },
    source: "ours, for a text of some megabytes on a processor",
  },
  tiny: {
    options: { width: 64, depth: 2, heads: 2, feedForward: 176 },
    target: { vocabulary: 1024, context: 128 },
    source: "ours, to see it learn within seconds",
  },
  "385m": released(sizes["385m"], 464_520_192, configured),
  "1b": released(sizes["1b"], 1_151_338_496, rule),
  "7b": released(sizes["7b"], 7_098_863_616, rule),
  "15b": released(sizes["15b"], 15_450_035_200, "TransNormerLLM3-15B's card, and the same rule", {
    vocabulary: 100_280,
    note: "tiktoken's 100,277 tokens, filled up; its card says 14.83 billion, of one matrix of tokens this has 14.94",
  }),
  "table-1b": tabled(sizes["1b"], 992_165_888),
  "table-3b": tabled(sizes["3b"], 2_876_006_400),
  "table-7b": tabled(sizes["7b"], 6_780_547_072),
  "table-13b": tabled(sizes["13b"], 12_620_195_840),
  "table-65b": tabled(sizes["65b"], 63_528_009_728),
  nano: {
    options: {
      ...{ width: 768, depth: 12, heads: 12, feedForward: 1536 },
      lrpe: { blocks: "later" },
      embedding: { tied: true, scaled: false },
    },
    target: { vocabulary: 50_304, context: 1024 },
    parameters: 116_498_688,
    source: "counted by nanoTransNormer, the first author's code",
    note: "that code turns all blocks but the first by positions, where its comment says the first",
  },
};

/** Various Lengths, Constant Speed: Efficient Language Modeling with Lightning Attention. */
export const paper: LanguagePaper<TransNormerOptions> = {
  id: "lightning-attention",
  title: "Various Lengths, Constant Speed: Efficient Language Modeling with Lightning Attention",
  authors: ["Zhen Qin", "Weigao Sun", "Dong Li", "Xuyang Shen", "Weixuan Sun", "Yiran Zhong"],
  year: 2024,
  arXiv: "2405.17381",
  family: "efficient attention",
  task: "language-modelling",
  summary:
    "Linear attention sums kᵀ v over the past, and so costs the same for every token; but the running sum makes " +
    "training a loop over tokens. Lightning attention cuts the text into blocks: within a block it takes the table " +
    "of all pairs, between blocks the sums, so that nearly everything is a product of matrices and the time a token " +
    "does not depend on the length. TransNormerLLM is a language model made for it: what is past fades at a rate of " +
    "each head's own, the mixed values are normalised without a learned scale and gated, and the feed-forward " +
    "network is a product of two linear layers without an activation.",
  presets,
  settings: {
    width: { kind: "whole", summary: "Width of the model", from: 8 },
    depth: { kind: "whole", summary: "How many blocks there are", from: 1 },
    heads: { kind: "whole", summary: "How many heads attention has", from: 1 },
    feedForward: { kind: "whole", summary: "Width of the hidden layer", from: 8 },
  },
  recipe: {
    epochs: 10,
    batchSize: 16,
    learningRate: 3e-3,
    warmUp: 0.5,
    weightDecay: 0.1,
    clipNorm: 1,
  },
  deviations: [
    {
      from: "the decay is exp(-8h/H (1 - l/L)) for head h and layer l (eq. 10)",
      to: "exp(-2^(-8h/H) (1 - l/(L-1) + 1e-5)), as all official code has it",
      why: "weights that were trained with it need it",
    },
    {
      from: "eq. 9 turns queries and keys by complex angles",
      to: "products with cosines and sines, one after the other, unless `rotation` is asked for",
      why: "the released models do so, in their first layer",
    },
    {
      from: "released models are called 385M, 1B and 7B, and counted as 0.39, 1.0 and 6.8 billion; TransNormerLLM3 as 14.83",
      to:
        "with one of the two matrices of tokens they have 0.399, 1.020, 6.837 and 14.937 billion, as the first author's " +
        "rule counts them (380.5 · 2²⁰ for 385M, as he says); so 385M is 3.6 % and 15B 0.7 % above its published figure",
      why: "their configurations stand on a hub that was not at hand; the variants of the paper's table fit exactly",
    },
    {
      from: "a Triton kernel walks over the blocks and keeps the sums on the chip",
      to: "all blocks are computed at once, and a loop adds up their sums",
      why: "it is the same algorithm where a run is a graph of operations; the sums of all blocks are kept",
    },
    {
      from: "trained on 30 to 2000 billion tokens",
      to: "on the user's text, here the Brown corpus, with a learning rate that fits a small model",
      why: "it must run within minutes on a processor",
    },
  ],
  claims: [
    {
      id: "exact",
      statement: "Attention by blocks is the attention by all pairs, in values and gradients.",
      figure: "exact by appendix C; no number is given",
      direction:
        "Values and gradients of both differ by less than 1e-5 of the largest, with several lengths and blocks.",
    },
    {
      id: "speed",
      statement:
        "Time and memory a token do not depend on the length, in training and in generation; with softmax attention both grow.",
      figure:
        "figures 1 and 4: tokens a second constant from 1,024 to 131,072 tokens, while LLaMA with FlashAttention-2 falls",
      direction:
        "From 512 to 16,384 tokens the milliseconds and bytes a token stay within 15 % of those at 512, by the fastest of three rounds in which the lengths take turns; those of softmax attention grow.",
    },
    {
      id: "loss",
      statement: "TransNormerLLM models language as well as a transformer of its size.",
      figure:
        "385M parameters: perplexity 4.770 against 5.160 for the transformer; 1B: 3.729 against 4.765 (table 11)",
      direction: "The loss on held-out text is at most 2 % above the transformer's.",
    },
  ],
};
