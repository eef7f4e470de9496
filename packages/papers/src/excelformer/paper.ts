import type { TabularPaper } from "../tasks/tabular-target.ts";
import type { ExcelFormerOptions } from "./model.ts";

/** What all sizes have in common. */
const common = {
  attention: "semi-permeable",
  norm: "before",
  initialScale: 0.01,
  dropout: { attention: 0.3, residual: 0 },
} as const satisfies Partial<ExcelFormerOptions>;

const code = "counted from the official code";

/** ExcelFormer: Chen et al. 2023. */
export const paper: TabularPaper<ExcelFormerOptions> = {
  id: "excelformer",
  title: "ExcelFormer: Can a DNN be a Sure Bet for Tabular Prediction?",
  authors: [
    "Jintai Chen",
    "Jiahuan Yan",
    "Qiyuan Chen",
    "Danny Ziyi Chen",
    "Jian Wu",
    "Jimeng Sun",
  ],
  year: 2023,
  arXiv: "2301.02819",
  family: "tabular and time series",
  task: "tabular-prediction",
  summary:
    "Trees beat networks on tables, partly because networks see no difference between features and their mixtures: noise " +
    "reaches everything. ExcelFormer makes each feature a token and lets a token read only those that say more of the " +
    "target. Blocks begin as almost the identity, gates take the place of hidden layers, and two ways to mix rows make " +
    "more of few data.",
  presets: {
    small: {
      options: { ...common, width: 64, depth: 3, heads: 8 },
      target: { features: 20, outputs: 1 },
      source:
        "a sixteenth of the published size in each block, for tables of thousands of rows on a processor",
    },
    default: {
      options: { ...common, width: 256, depth: 3, heads: 32 },
      target: { features: 8, outputs: 1 },
      parameters: 1_195_787,
      source: `the size without tuning, for 8 numbers and one value; ${code}`,
    },
    "smallest-tuned": {
      options: { ...common, width: 64, depth: 2, heads: 4 },
      target: { features: 54, outputs: 7 },
      parameters: 64_767,
      source: `the least width, depth and heads that tuning may take, for 54 numbers and 7 classes; ${code}`,
    },
    "largest-tuned": {
      options: { ...common, width: 256, depth: 5, heads: 32 },
      target: { features: 28, outputs: 1 },
      parameters: 2_007_839,
      source: `the largest width, depth and heads that tuning may take, for 28 numbers and two classes; ${code}`,
    },
  },
  settings: {
    width: { kind: "whole", summary: "Width of a feature's token", from: 1 },
    depth: { kind: "whole", summary: "Number of blocks", from: 1 },
    heads: { kind: "whole", summary: "Heads of the attention", from: 1 },
    attention: {
      kind: "choice",
      summary: "Whether a feature reads only those that say more of the target, or all",
      words: ["semi-permeable", "full"],
    },
    norm: {
      kind: "choice",
      summary: "Whether norms stand before the branches or after them",
      words: ["before", "after"],
    },
    initialScale: {
      kind: "number",
      summary: "What the interaction's first weights are multiplied by",
      above: 0,
    },
  },
  recipe: {
    epochs: 500,
    batchSize: 512,
    learningRate: 1e-4,
    warmUp: 10,
    weightDecay: 0,
    patience: 32,
    mix: { of: "hidden", alpha: 0.5 },
  },
  deviations: [
    {
      from: "training rows' categories encoded by all training rows, each with its own target among them",
      to: "by the rows before them in a random order",
      why: "CatBoost encodes so, from which the encoding is named: a row's own target in its features is what new rows lack",
    },
    {
      from: "encoded categories as they are, beside normal scores of numbers",
      to: "standardised",
      why: "a mean of classes hardly varies beside a normal score, and its token would begin without effect",
    },
    {
      from: "normal scores of the least and largest numbers at plus and minus 5.2, and of numbers with noise",
      to: "at half a row from the end, and equal numbers at the middle of their shares, without noise",
      why: "an outlier is no further out than its rank says, and the same table gives the same numbers",
    },
    {
      from: "tables without missing values",
      to: "a missing number is the middle, and a second feature says that it is missing; a missing category is one of its own",
      why: "users' tables have them, and that a value is missing often says something",
    },
    {
      from: "compression of keys and values, which the official code has from another paper",
      to: "left out",
      why: "it is not of this paper, and the official code's mask fits only where nothing is compressed",
    },
    {
      from: "validation by the area under the curve with two classes, by accuracy with more",
      to: "by the logarithmic loss",
      why: "it moves with every probability: the others jump on few validation rows, and stand still on easy ones",
    },
  ],
  claims: [
    {
      id: "trees",
      statement:
        "Without tuning, ExcelFormer predicts better than gradient-boosted trees over many tables.",
      figure: "the best average rank over 96 small and 21 large tables",
      direction: "a lower mean rank than boosted trees over eight tables",
    },
    {
      id: "perceptron",
      statement:
        "Without tuning, ExcelFormer predicts better than a multi-layer perceptron over many tables.",
      figure: "the best average rank over 96 small and 21 large tables",
      direction: "a lower mean rank than an MLP over eight tables",
    },
    {
      id: "mask",
      statement:
        "A feature that reads only those that say more of the target predicts better than one that reads all.",
      figure: "semi-permeable attention answers P1 of the abstract",
      direction: "a higher mean score over four tables than full attention",
    },
    {
      id: "feature-mixing",
      statement: "Feat-Mix makes more of few rows.",
      figure: "the augmentations answer P2 of the abstract",
      direction: "a higher mean score over four tables than without mixing",
    },
    {
      id: "hidden-mixing",
      statement: "Hid-Mix makes more of few rows.",
      figure: "the augmentations answer P2 of the abstract",
      direction: "a higher mean score over four tables than without mixing",
    },
    {
      id: "rotation",
      statement:
        "A rotation of the features hurts ExcelFormer, as it hurts trees, and does not hurt an MLP.",
      figure: "networks' lack of variance under rotation is P1 of the abstract",
      direction: "ExcelFormer loses by a rotation, and more than an MLP",
    },
  ],
};
