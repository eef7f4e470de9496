import type { Paper } from "../paper.ts";
import type { LinkageTarget } from "../tasks/linkage-target.ts";
import type { TextClassifierOptions } from "./model.ts";

/** The Optimal BERT Surgeon, as data. */
export const paper: Paper<TextClassifierOptions, LinkageTarget> = {
  id: "obert",
  title:
    "The Optimal BERT Surgeon: Scalable and Accurate Second-Order Pruning for Large Language Models",
  authors: [
    "Eldar Kurtic",
    "Daniel Campos",
    "Tuan Nguyen",
    "Elias Frantar",
    "Mark Kurtz",
    "Benjamin Fineran",
    "Michael Goin",
    "Dan Alistarh",
  ],
  year: 2022,
  arXiv: "2203.07259",
  family: "compression and adaptation",
  task: "method",
  summary:
    "Weights of a trained transformer are set to 0 where the loss rises least, and those that are left move to make up for " +
    "it. How the loss rises is told by its curvature: the empirical Fisher matrix, of which only small blocks on the " +
    "diagonal are kept, so that their inverses follow from the gradients by a recursion, and fit into memory for " +
    "models of any size. Weights are pruned one by one or in groups of four that follow each other, at once or little " +
    "by little while a dense teacher is listened to.",
  presets: {
    small: {
      options: { layout: "plain", width: 64, depth: 2, heads: 4, ratio: 4, dropout: 0.1 },
      target: { vocabulary: 320, length: 16, padding: 0, classes: 10 },
      source: "ours: what the claims are measured on",
    },
    "bert-base": {
      options: { layout: "bert", width: 768, depth: 12, heads: 12, ratio: 4, dropout: 0.1 },
      target: { vocabulary: 30_522, length: 512, padding: 0, classes: 2 },
      parameters: 109_483_778,
      source:
        "BERT-base-uncased with a head of two classes; 85 M weights of its blocks are pruned (section 4)",
    },
    "bert-6-layers": {
      options: { layout: "bert", width: 768, depth: 6, heads: 12, ratio: 4, dropout: 0.1 },
      target: { vocabulary: 30_522, length: 512, padding: 0, classes: 2 },
      source: "every second layer dropped (section 4.3, compound compression)",
    },
    "bert-3-layers": {
      options: { layout: "bert", width: 768, depth: 3, heads: 12, ratio: 4, dropout: 0.1 },
      target: { vocabulary: 30_522, length: 512, padding: 0, classes: 2 },
      source: "three of four layers dropped (section 4.3, compound compression)",
    },
  },
  recipe: {},
  commands: [
    "npx quire prune runs/cct-1 --sparsity 0.8",
    "npx quire prune resnet.onnx --data flowers --sparsity 0.7 --recomputations 8",
  ],
  deviations: [
    {
      from: "all groups that are pruned in one step move the weights as if each were the only one",
      to: "all that is pruned of a block is pruned together, by elimination in the block's inverse; --update apart gives the published sum",
      why: "the sum counts what pruned weights do to each other twice; the quadratic loss is least where they go together",
    },
    {
      from: "gradients enter the inverse one by one",
      to: "sixteen at a time, by the same recursion among sixteen numbers a block",
      why: "the blocks are read and written once for sixteen gradients; the inverse is the same",
    },
    {
      from: "DeepSparse, a runtime that skips zeros, measures latency",
      to: "ONNX Runtime, which does not: sparsity alone makes a file smaller, not a call shorter",
      why: "no runtime with sparse kernels is open to us; layers that are dropped and eight-bit weights do shorten calls",
    },
    {
      from: "quantisation-aware training to eight bits",
      to: "weights are rounded to eight bits after training",
      why: "one step fewer, and its loss is measured",
    },
    {
      from: "SQuAD, MNLI and QQP, and pruning of a masked language model before fine-tuning",
      to: "countries of places by their names (GeoNames), and digits of MNIST; models are trained, then pruned",
      why: "the data cannot be had here, and pre-training is beyond minutes on a processor",
    },
  ],
  claims: [
    {
      id: "one-shot",
      statement:
        "Pruned in one shot, without training, a text classifier keeps more accuracy by curvature than by magnitude or slopes.",
      figure: "SQuAD F1 in one shot at 70, 80 and 90 %: 83.38, 57.48 and 14.57 of 88.54",
      direction:
        "The surgeon's accuracy at 80 % and at 90 % is above that of magnitude and of first-order pruning.",
    },
    {
      id: "recomputation",
      statement:
        "Pruned in several steps, each with a Fisher matrix of its own, it keeps more still.",
      figure:
        "SQuAD F1 at 70, 80 and 90 %: 85.34, 77.85 and 39.58 with 8 recomputations, 85.49, 78.65 and 47.67 with 32",
      direction:
        "The surgeon's accuracy at 90 %, reached over 50, 70 and 80 % with gradients of their own, is above its accuracy in one step.",
    },
    {
      id: "groups",
      statement:
        "Groups of four that follow each other cost accuracy; the surgeon chooses them better than magnitude.",
      figure:
        "SQuAD F1 at 80 and 90 % in groups of four: 88.57 and 87.57, against 89.04 and 88.31 of single weights (table of compound compression)",
      direction:
        "At 80 %, accuracy in groups of four is below that of single weights, and above that of magnitude in groups of four.",
    },
    {
      id: "one-shot-image",
      statement: "The same holds for an image classifier.",
      figure: "no figure in the paper, which prunes BERT",
      direction:
        "The surgeon's accuracy at 80 % is above that of magnitude and of first-order pruning.",
    },
    {
      id: "gradual",
      statement:
        "Pruned little by little while it is trained on, with a dense teacher, the text classifier loses little up to 90 %, and less than with magnitude or slopes.",
      figure: "MNLI 84.54 dense; 84.32, 83.79 and 81.77 at 80, 90 and 97 % (table 1)",
      direction:
        "At 97 % the surgeon's accuracy is above that of magnitude and of first-order pruning, and at 90 % at most two points below the dense model's.",
    },
    {
      id: "gradual-image",
      statement: "So does an image classifier.",
      figure: "no figure in the paper, which prunes BERT",
      direction:
        "At 97 % the surgeon's accuracy is above that of magnitude and of first-order pruning, and at 90 % at most two points below the dense model's.",
    },
    {
      id: "compound",
      statement:
        "Layer dropping, pruning and eight-bit weights together make a model many times smaller.",
      figure:
        "ten times smaller with less than 1 % lost, ten times faster with less than 2 % lost (figure 1)",
      direction:
        "The compressed file is at least ten times smaller than the dense one's, with at most two points lost.",
    },
  ],
};
