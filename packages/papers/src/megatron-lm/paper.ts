import type { Preset } from "../paper.ts";
import type { LanguagePaper, LanguageTarget } from "../tasks/language-target.ts";
import type { MegatronOptions } from "./model.ts";

type MegatronPreset = Preset<MegatronOptions, LanguageTarget>;

/** A GPT-2 of tables 1 and 2; 51,200 tokens are GPT-2's, filled up for eight processes (section 5.1). */
function published(
  [width, depth, heads]: readonly [number, number, number],
  parameters: number,
): MegatronPreset {
  return {
    options: { width, depth, heads },
    target: { vocabulary: 51_200, context: 1024 },
    parameters,
    source: "tables 1 and 2, counted from their sizes",
  };
}

/** A BERT of table 4; BERT's 30,522 tokens, filled up for eight processes. */
function bert(
  [width, depth, heads]: readonly [number, number, number],
  parameters: number,
): MegatronPreset {
  return {
    options: { width, depth, heads },
    target: { vocabulary: 30_720, context: 512, objective: "masked" },
    parameters,
    source: "table 4, counted from its sizes",
  };
}

const presets: Readonly<Record<string, MegatronPreset>> = {
  small: {
    options: { width: 128, depth: 4, heads: 4 },
    target: { vocabulary: 4096, context: 256 },
    source: "ours, for a text of some megabytes on a processor",
  },
  tiny: {
    options: { width: 64, depth: 2, heads: 4 },
    target: { vocabulary: 1024, context: 128 },
    source: "ours, to see it learn within seconds",
  },
  "355m": published([1024, 24, 16], 355_788_800),
  "1.2b": published([1536, 40, 16], 1_213_479_936),
  "2.5b": published([1920, 54, 20], 2_490_408_960),
  "4.2b": published([2304, 64, 24], 4_199_109_120),
  "8.3b": published([3072, 72, 32], 8_317_040_640),
  "bert-small": {
    options: { width: 128, depth: 4, heads: 4 },
    target: { vocabulary: 4096, context: 128, objective: "masked" },
    source: "ours, a BERT for a text of some megabytes on a processor",
  },
  "bert-336m": bert([1024, 24, 16], 336_429_058),
  "bert-1.3b": bert([2048, 24, 32], 1_281_001_474),
  "bert-3.9b": bert([2560, 48, 40], 3_869_588_482),
};

/** Megatron-LM: Training Multi-Billion Parameter Language Models Using Model Parallelism. */
export const paper: LanguagePaper<MegatronOptions> = {
  id: "megatron-lm",
  title: "Megatron-LM: Training Multi-Billion Parameter Language Models Using Model Parallelism",
  authors: [
    "Mohammad Shoeybi",
    "Mostofa Patwary",
    "Raul Puri",
    "Patrick LeGresley",
    "Jared Casper",
    "Bryan Catanzaro",
  ],
  year: 2019,
  arXiv: "1909.08053",
  family: "systems and speech",
  task: "language-modelling",
  isDivisible: true,
  summary:
    "A transformer that is too large for one device is divided inside of its layers: each process has some of the heads, " +
    "some of the hidden units and some of the vocabulary. The first of two products is divided by columns and the second " +
    "one by rows, so that nothing has to be exchanged between them and a block needs two sums over the processes forward " +
    "and two backward. What is computed is the same as in one process.",
  presets,
  settings: {
    width: { kind: "whole", summary: "Width of the model", from: 8 },
    depth: { kind: "whole", summary: "How many blocks there are", from: 1 },
    heads: { kind: "whole", summary: "How many heads attention has", from: 1 },
    dropout: { kind: "number", summary: "Share of values dropped in training", from: 0, to: 0.9 },
    recompute: {
      kind: "switch",
      summary: "Compute values inside of blocks once more for the gradient",
    },
  },
  recipe: {
    epochs: 10,
    batchSize: 16,
    learningRate: 1.5e-3,
    warmUp: 0.5,
    weightDecay: 0.01,
    clipNorm: 1,
  },
  deviations: [
    {
      from: "kernels of the processes exchange values on the GPUs, by NCCL",
      to: "a step runs as several ONNX models, and MPI sums what stands in memory between them",
      why: "ONNX Runtime's processor kernels have no exchange among processes",
    },
    {
      from: "rows that fill up the vocabulary are tokens like others, whose scores the model learns to keep low",
      to: "they have no share in the loss and are not stored",
      why: "a checkpoint then does not depend on how many processes wrote it",
    },
    {
      from: "the learning rate is 1.5e-4 at 300 thousand steps of 512 rows",
      to: "1.5e-3 at the steps that a text of some megabytes gives",
      why: "a small model on a small text takes a higher rate",
    },
    {
      from: "BERT's gaps are whole words, and its two sentences begin and end where sentences do",
      to: "gaps are single tokens (Devlin et al. 2019), and two stretches that are cut anywhere follow one another",
      why: "a user's text need not have words or sentences that a program can tell",
    },
    {
      from: "weights drawn from N(0, 0.02²), whatever the width, which is 1,024 and more",
      to: "so they are from that width on, and from N(0, 0.64² / width) below",
      why: "a BERT of width 64 that begins with 0.02 learns how often tokens are, and for thousands of steps no more",
    },
    {
      from: "half precision with loss scaling",
      to: "single precision",
      why: "processors compute no faster in half precision",
    },
    {
      from: "positions are whole between the blocks",
      to: "so they are, unless asked to be divided too (Korthikanti et al. 2022), which exchanges as much",
      why: "the authors' code has it since then",
    },
  ],
  claims: [
    {
      id: "exact",
      statement: "Processes that divide the model compute what one process computes.",
      figure: "by construction (section 3); no number is given",
      direction:
        "The loss and every gradient differ by less than 1e-5 of the largest, for GPT and BERT on 2 and 4 processes.",
    },
    {
      id: "exchanges",
      statement: "A block needs two sums over the processes forward and two backward.",
      figure: "figure 4: two forward, two backward",
      direction: "One more block takes exactly two more sums forward and two more backward.",
    },
    {
      id: "shares",
      statement:
        "A process holds its share of the parameters, and with recomputation little more than the blocks' inputs.",
      figure: "8.3 billion parameters on 8 devices of 32 GB (section 5.1)",
      direction:
        "A process holds at most 10 % more than an even share of the parameters of every published size, and recomputation at least halves what a step keeps.",
    },
  ],
};
