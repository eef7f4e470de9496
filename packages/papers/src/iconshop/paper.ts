import type { Preset } from "../paper.ts";
import type { IconPaper, IconTarget } from "../tasks/icon-target.ts";
import type { IconShopOptions } from "./model.ts";

const presets: Readonly<Record<string, Preset<IconShopOptions, IconTarget>>> = {
  small: {
    options: { width: 96, depth: 3, heads: 4, feedForward: 192, sharedHead: true },
    target: { words: 2001, captionLength: 8, grid: 25, scheme: "point", length: 160 },
    source: "ours, for some thousand icons within minutes on a processor",
  },
  medium: {
    options: { width: 192, depth: 4, heads: 6, feedForward: 384, sharedHead: true },
    target: { words: 2001, captionLength: 8, grid: 25, scheme: "point", length: 160 },
    source: "ours, for some thousand icons within hours on a processor",
  },
  tiny: {
    options: { width: 128, depth: 2, heads: 4, feedForward: 256, sharedHead: true },
    target: { words: 32, captionLength: 4, grid: 32, scheme: "point", length: 64 },
    source: "ours, to see it learn within a minute",
  },
  published: {
    options: { width: 512, depth: 16, heads: 8, feedForward: 1024 },
    target: { words: 30_522, captionLength: 50, grid: 200, scheme: "point", length: 512 },
    parameters: 106_435_456,
    source: "train.py and dataset.py of the official code, counted from them",
    note: "the official count is 123,261,824, with an attention to an empty memory in each block",
  },
};

/** IconShop: Text-Guided Vector Icon Synthesis with Autoregressive Transformers. */
export const paper: IconPaper<IconShopOptions> = {
  id: "iconshop",
  title: "IconShop: Text-Guided Vector Icon Synthesis with Autoregressive Transformers",
  authors: ["Ronghuan Wu", "Wanchao Su", "Kede Ma", "Jing Liao"],
  year: 2023,
  arXiv: "2304.14400",
  family: "documents, layout and icons",
  task: "icon",
  summary:
    "An icon is written like a sentence: filled paths of straight and curved strokes on a grid, a token for each " +
    "command and a single one for each point, after the words that say what is to be seen. A transformer that reads from " +
    "left to right learns to go on. Some icons it sees with a span cut out and put at the end, so that the same " +
    "model fills in what is missing: icons are edited, completed and combined, and stay outlines that one can go on " +
    "working with.",
  presets,
  settings: {
    width: { kind: "whole", summary: "Width of the model", from: 8 },
    depth: { kind: "whole", summary: "How many blocks there are", from: 1 },
    heads: { kind: "whole", summary: "How many heads attention has", from: 1 },
    feedForward: { kind: "whole", summary: "Width of the hidden layers", from: 8 },
    dropout: { kind: "number", summary: "Share of values dropped in training", from: 0, to: 0.9 },
    sharedHead: {
      kind: "switch",
      summary: "Whether a point's row of the head has its column's and its row's added",
    },
    iconWeight: {
      kind: "number",
      summary: "How much an icon counts in the loss, its caption counting 1",
      above: 0,
    },
  },
  recipe: {
    epochs: 100,
    batchSize: 16,
    learningRate: 4e-3,
    warmUp: 0.5,
    weightDecay: 0.01,
    clipNorm: 1,
  },
  deviations: [
    {
      from: "the official blocks attend once more, to a memory of one vector of zeros",
      to: "no such attention",
      why: "it adds the same vector at every place, which the bias of the attention before it takes in; 16.8 million of the official 123.3 million parameters compute it",
    },
    {
      from: "logits of words are masked where an icon stands, and of an icon's tokens where words do",
      to: "words and tokens have a head each, and only the one that counts is computed",
      why: "softmax over what is not masked is softmax over that head",
    },
    {
      from: "a point's row of the head is its own alone",
      to: "in our sizes its column's and its row's are added, as to its vector; the published size has its own alone",
      why: "the logits can be the same, but what is learnt of one place serves all in its column and its row",
    },
    {
      from: "the official code cuts a span out between any two tokens, the last one too",
      to: "whole commands are cut out, and the icon's end stays",
      why: "what is edited are outlines: a filling never begins or ends within a command",
    },
    {
      from: "captions are cut by BERT's tokenizer, whose vectors are kept as BERT has them",
      to: "captions are words, and their vectors are learnt with all else",
      why: "a few hundred words say what icons show, and a word that was never learnt can be named",
    },
    {
      from: "a caption is eight times in ten an icon's keywords, shuffled, else a description or nothing",
      to: "seven times in ten its name, twice another name or a tag, else nothing",
      why: "packages of icons have names whose words stand in an order",
    },
    {
      from: "coordinates are scaled to the grid's size, rounded and cut",
      to: "scaled to the grid's size less 1",
      why: "the drawing's last column and row are places too: an icon on 24 units lies exactly on 25 or 49 places",
    },
    {
      from: "the vectors of the mark for a span that was cut out stay zero",
      to: "they are learnt",
      why: "nothing is gained by leaving them out",
    },
    {
      from: "Adam for 100 epochs of 300,000 icons, its rate falling evenly",
      to: "AdamW for some thousand steps, its rate falling as a cosine",
      why: "it must run within minutes on a processor",
    },
    {
      from: "FIGR-8-SVG, and CLIP to choose and to judge drawings",
      to: "@mdi/svg and made icons, judged by a nearest-picture rule whose own errors are measured",
      why: "neither is to be had as a package",
    },
  ],
  claims: [
    {
      id: "round-trip",
      statement: "Icons come back from their tokens as they were, but for the grid.",
      figure: "200 x 200 places in the official code; no error is given",
      direction:
        "All icons of @mdi/svg are read back from their tokens without a fault; on 200 places the rendered picture of each differs by less than half a step along its outline covers.",
    },
    {
      id: "points",
      statement:
        "With one token a point sequences are shorter, and more of what is drawn in equal time shows its caption.",
      figure: "the paper's own form; no figure for two tokens a point is given",
      direction:
        "On made icons sequences are at most three quarters as long, more drawings show their caption, and no fewer are valid.",
    },
    {
      id: "infill",
      statement: "What was cut out of an icon is filled in so that its outlines are closed.",
      figure: "shown by pictures; no figure is given",
      direction:
        "More than 90 % of made icons are whole again after any span of their commands was cut out.",
    },
    {
      id: "infill-fits",
      statement: "What is filled in fits what stands after it.",
      figure: "shown by pictures; no figure is given",
      direction:
        "More made icons look as they did than where the same drawer goes on from what stands before the span alone.",
    },
    {
      id: "real",
      statement:
        "Icons drawn after a few words are valid, unlike one another and those learnt from, and show what was asked for.",
      figure: "FIGR-8-SVG: better uniqueness, novelty and CLIP score than SkexGen, DeepSVG and GPT",
      direction:
        "After names of unseen icons of @mdi/svg more drawings are all of it at once than a GPT's with two tokens a point.",
    },
  ],
};
