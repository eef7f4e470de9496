import type { Preset } from "../paper.ts";
import type { LinkagePaper, LinkageTarget } from "../tasks/linkage-target.ts";
import type { SentenceEncoderOptions } from "./model.ts";

type EncoderPreset = Preset<SentenceEncoderOptions, LinkageTarget>;

const published = { ratio: 4, pooling: "mean", dropout: 0.1 } as const;
const miniature = { ...published, layout: "bert", width: 384, heads: 12 } as const;
const base = { ...published, width: 768, depth: 12, heads: 12 } as const;

function reading(vocabulary: number, padding = 0): LinkageTarget {
  return { vocabulary, padding, length: 512 };
}

const counted = "counted from huggingface/transformers with the checkpoint's configuration";
const used = "a base model of the official code's experiments";

/** Ours first, then the encoders that the paper starts from, by their names. */
const presets: Readonly<Record<string, EncoderPreset>> = {
  small: {
    options: {
      ...{ layout: "plain", width: 128, depth: 2, heads: 4, ratio: 4, pooling: "mean" },
      dropout: 0,
    },
    target: { vocabulary: 1024, length: 64, padding: 0 },
    source: "ours: learns from nothing on a processor, on bytes and what they are merged to",
  },
  medium: {
    options: {
      ...{ layout: "plain", width: 256, depth: 4, heads: 8, ratio: 4, pooling: "mean" },
      dropout: 0,
    },
    target: { vocabulary: 4096, length: 128, padding: 0 },
    source: "ours: for more data and more time",
  },
  "all-MiniLM-L6-v2": {
    options: { ...miniature, depth: 6 },
    target: reading(30_522),
    parameters: 22_713_216,
    source: "22.7 M on the model's card; the package's default",
  },
  "all-MiniLM-L12-v2": {
    options: { ...miniature, depth: 12 },
    target: reading(30_522),
    parameters: 33_360_000,
    source: counted,
  },
  "all-mpnet-base-v2": {
    options: { ...base, layout: "mpnet" },
    target: reading(30_527, 1),
    parameters: 109_486_464,
    source: `109 M on the model's card; ${used}, for English`,
  },
  "paraphrase-multilingual-MiniLM-L12-v2": {
    options: { ...miniature, depth: 12 },
    target: reading(250_037),
    parameters: 117_653_760,
    source: "118 M on the model's card",
  },
  "paraphrase-multilingual-mpnet-base-v2": {
    options: { ...base, layout: "roberta" },
    target: reading(250_002, 1),
    parameters: 278_043_648,
    source: `278 M on the model's card; ${used}, for several languages`,
  },
  sentence_similarity_spanish_es: {
    options: { ...base, layout: "bert" },
    target: reading(31_002),
    parameters: 109_850_880,
    source: `${counted}; ${used}, for Spanish`,
  },
  "sentence-camembert-large": {
    options: { ...published, layout: "roberta", width: 1024, depth: 24, heads: 16 },
    target: reading(32_005, 1),
    parameters: 336_661_504,
    source: `${counted}; ${used}, for French`,
  },
  LaBSE: {
    options: {
      ...{ ...base, layout: "bert", pooling: "first token" },
      projection: { width: 768, activation: "tanh" },
    },
    target: reading(501_153),
    parameters: 471_517_440,
    source: "471 M on the model's card, its projection counted",
  },
};

/** What LinkTransformer is, in data. */
export const paper: LinkagePaper<SentenceEncoderOptions> = {
  id: "linktransformer",
  title: "LinkTransformer: A Unified Package for Record Linkage with Transformer Language Models",
  authors: ["Abhishek Arora", "Melissa Dell"],
  year: 2023,
  arXiv: "2309.00789",
  family: "multilingual and domain text",
  task: "linkage",
  summary:
    "Joins tables whose keys are written differently. A transformer turns each record, its columns joined by a " +
    "separator, into a vector of length 1; the other table's nearest vector is the match. Trained on groups of " +
    "records that are the same, it learns what may differ: spelling, word order, language and script.",
  presets,
  settings: {
    width: { kind: "whole", summary: "Width of the encoder", from: 8, to: 4096 },
    depth: { kind: "whole", summary: "Blocks of the encoder", from: 1, to: 64 },
    heads: { kind: "whole", summary: "Attention heads", from: 1, to: 64 },
    dropout: { kind: "number", summary: "Share of values dropped in training", from: 0, to: 0.9 },
  },
  /// Section 3.3 and linkage.json of the official code; it warms up for as long as it trains, which we take for a slip
  /// beside the default of a tenth in its training function.
  recipe: {
    ...{ epochs: 10, batchSize: 64, learningRate: 2e-5, warmUp: 1, weightDecay: 0.01 },
    ...{ loss: "supcon", temperature: 0.07, margin: 0.5, perGroup: 2, hardNegatives: 0 },
  },
  deviations: [
    {
      from: "a pretrained sentence encoder, fine-tuned",
      to: "a small encoder that learns from nothing, on bytes; a folder of a pretrained encoder can be used as it is",
      why: "no pretrained multilingual encoder comes with a package, and a user's own pairs suffice for names",
    },
    {
      from: "an exact index of inner products (FAISS)",
      to: "exact search for small tables, a graph (HNSW) for large ones, whose recall is measured and printed",
      why: "two tables of 200,000 rows are then joined in minutes on two cores",
    },
    {
      from: "a batch holds texts of random groups, and an anchor without a positive makes the loss no number",
      to: "a batch holds at least two texts of each of its groups; an anchor without one does not count",
      why: "every text of a batch then teaches something",
    },
    {
      from: "online contrastive on a list of pairs that are the same or differ",
      to: "pairs are made of the batch: each text with the next one, half of them of one group, or all pairs",
      why: "groups then serve both losses; all pairs cost no more and teach more",
    },
    {
      from: "merge types 1:1, 1:m and m:1 only check that keys are unique",
      to: "they hold: a record that may be used once is given to its best match",
      why: "that is what the words mean",
    },
  ],
  claims: [
    {
      id: "scripts",
      statement: "A trained encoder links names across languages where string matching cannot.",
      figure:
        "the paper's tables of multilingual linkage; edit distance far below a fine-tuned encoder",
      direction:
        "Top-1 accuracy of the encoder is above that of normalised edit distance and of TF-IDF of character n-grams, over all pairs of scripts together; edit distance of names that a table romanised first is shown beside it.",
    },
    {
      id: "losses",
      statement:
        "The supervised contrastive loss, the default, links better than online contrastive.",
      figure: "none: the official code offers both and takes the first unless said",
      direction:
        "Top-1 accuracy with the supervised contrastive loss is above that with online contrastive on listed pairs, the published form; the same loss on all pairs of a batch is shown beside it.",
    },
    {
      id: "misspellings",
      statement: "A trained encoder links noisy names better than string matching.",
      figure:
        "the paper's tables of historical and company names; edit distance below a fine-tuned encoder",
      direction:
        "Top-1 accuracy of the encoder on organisms' misspelt names is above that of normalised edit distance and of TF-IDF of character n-grams.",
    },
  ],
};
