import type { SequencePaper } from "../tasks/sequence-target.ts";
import type { ProgramHeads, ProgramLookups, TransformerProgramOptions } from "./model.ts";

/** What all published sizes have in common. */
const common = {
  readsNumbers: true,
  relaxation: { kind: "gumbel", from: 3, to: 0.01, schedule: "geometric" },
} as const;

const heads = (categorical: number, numerical: number): ProgramHeads => ({
  ...{ categorical, numerical, kind: "predicate", tieBreak: "nearest" },
});

const lookups = (categorical: number, numerical: number): ProgramLookups => ({
  ...{ categorical, numerical, reads: 2, hidden: 64, activation: "relu" },
});

const counting = { categorical: "token", numbers: 1, numerical: "ones" } as const;
const classes = (categorical: number) => ({ categorical, numbers: 1, numerical: "ones" }) as const;

const code = "the official scripts; counted from the official code";

const algorithmic = (
  cardinality: number,
  [vocabulary, labels]: readonly [number, number],
  causal: boolean,
) => ({
  options: { ...common, tokens: counting, depth: 3, heads: heads(4, 4), lookups: lookups(2, 2) },
  target: { vocabulary, labels, length: cardinality, kind: "tagging", causal } as const,
});

/** Learning Transformer Programs: Friedman, Wettig and Chen 2023. */
export const paper: SequencePaper<TransformerProgramOptions> = {
  id: "transformer-programs",
  title: "Learning Transformer Programs",
  authors: ["Dan Friedman", "Alexander Wettig", "Danqi Chen"],
  year: 2023,
  arXiv: "2306.01128",
  family: "reasoning and in-context learning",
  task: "sequence-labelling",
  summary:
    "A transformer that can be read after it is trained, because it is a program. Its residual stream is a list of " +
    "variables, each one of a few values or a number; every head and module reads a few of them, chosen by gates, and " +
    "appends one; what heads look for is a table. Training relaxes these choices by the Gumbel-softmax while a " +
    "temperature falls, and the trained network is printed as TypeScript that gives the same answers.",
  presets: {
    rasp: {
      ...algorithmic(8, [8, 8], false),
      parameters: 18_160,
      source: `reverse, sort, counts and their like, of 8 tokens and 8 places; ${code}`,
      defaultFor: [0, 64],
    },
    small: {
      options: {
        ...common,
        tokens: counting,
        depth: 1,
        heads: heads(1, 4),
        lookups: lookups(1, 1),
      },
      target: { vocabulary: 8, labels: 8, length: 8, kind: "tagging", causal: false },
      source:
        "one layer, as the paper's program for counts has it, with more heads that count: learns in a minute",
    },
    dyck: {
      ...algorithmic(16, [6, 4], true),
      parameters: 35_100,
      source: `brackets of 16 places; ${code}`,
    },
    induction: {
      options: {
        ...common,
        tokens: counting,
        depth: 2,
        heads: heads(1, 0),
        lookups: lookups(0, 0),
      },
      target: { vocabulary: 10, labels: 6, length: 10, kind: "tagging", causal: true },
      parameters: 461,
      source: `two heads that look up what followed a token before; ${code}`,
    },
    tags: {
      options: {
        ...common,
        tokens: classes(4),
        depth: 1,
        heads: heads(4, 0),
        lookups: lookups(1, 0),
        cardinality: 32,
      },
      target: { vocabulary: 3000, labels: 12, length: 32, kind: "tagging", causal: false },
      source: "half of the heads and layers for named entities: for thousands of sentences",
      defaultFor: [65, 1_000_000],
    },
    "named-entities": {
      options: {
        ...common,
        tokens: classes(4),
        depth: 2,
        heads: heads(8, 0),
        lookups: lookups(1, 0),
        cardinality: 32,
        dropout: 0.5,
      },
      target: { vocabulary: 10_002, labels: 11, length: 32, kind: "tagging", causal: false },
      parameters: 1_317_753,
      source: `CoNLL-2003, the 10,000 commonest words; ${code}`,
      note: "The official script asks for dropout of 0.5, which its code does not pass on to the model.",
    },
    texts: {
      options: {
        ...common,
        tokens: classes(4),
        depth: 2,
        heads: heads(4, 0),
        lookups: lookups(1, 0),
        cardinality: 64,
      },
      target: { vocabulary: 10_002, labels: 8, length: 64, kind: "classification", causal: false },
      parameters: 2_626_026,
      source: `TREC questions and other texts of at most 62 words; ${code}`,
    },
    "short-texts": {
      options: {
        ...common,
        tokens: classes(4),
        depth: 2,
        heads: heads(4, 0),
        lookups: lookups(1, 0),
        cardinality: 25,
      },
      target: { vocabulary: 5002, labels: 8, length: 25, kind: "classification", causal: false },
      parameters: 518_212,
      source: `the same of at most 23 words; ${code}`,
    },
  },
  settings: {
    depth: { kind: "whole", summary: "Number of layers", from: 1, to: 12 },
    cardinality: {
      kind: "whole",
      summary: "Values of a categorical variable, as many as there are places or more",
      from: 2,
      to: 4096,
    },
    dropout: {
      kind: "number",
      summary: "Share of what is appended that training drops",
      from: 0,
      to: 0.9,
    },
  },
  /// Section 4.1 and scripts/rasp.sh: Adam at 0.05, batches of 512, 250 epochs, the temperature from 3 to 0.01.
  recipe: { epochs: 250, batchSize: 512, learningRate: 0.05, warmUp: 0, weightDecay: 0 },
  deviations: [
    {
      from: "the learning rate stays at 0.05",
      to: "it falls to 0 as a cosine",
      why: "it is how all papers train here, and choices settle while the temperature is low",
    },
    {
      from: "after each epoch the relaxed network is measured, and the last one is made discrete",
      to: "the discrete network is measured, and a run ends with the best epoch's",
      why: "the program is what is wanted, so it is what is measured",
    },
    {
      from: "the printed program lets a query that matches itself win over matches that are further than there are matches, and tables of counts end at the length times the layer",
      to: "a query itself comes last always, and tables hold every count that there can be",
      why: "the program then does what the network does on every input",
    },
    {
      from: "variables of words begin as projections of GloVe vectors",
      to: "they begin at random",
      why: "those vectors are not to be had as a package",
    },
    {
      from: "a program of 20,000 sequences sees 250 epochs of them",
      to: "trainings on other data see three million sequences at most",
      why: "so a training takes minutes",
    },
  ],
  claims: [
    {
      id: "programs",
      statement: "Networks that are trained relaxed become programs that solve RASP tasks.",
      figure: "8 tokens, 8 places (Table 1): reverse 99.79 %, hist 100 %",
      direction:
        "The printed program's accuracy on new sequences is at least 95 % for counts and reversal, and it agrees with the network on every one of them.",
    },
    ...(
      [
        ["double-hist", "how many different tokens are as frequent as each", "98.40 %"],
        ["sort", "the tokens in order", "99.83 %"],
        ["most-freq", "the tokens by how frequent they are", "75.69 %"],
        ["dyck-1", "where brackets of one kind match", "99.30 %"],
        ["dyck-2", "where brackets of two kinds match", "99.09 %"],
      ] as const
    ).map(([id, what, figure]) => ({
      id,
      statement: `A program learns to say ${what}.`,
      figure: `${figure} (Table 1, three layers)`,
      direction:
        "The printed program of the seed that is best on validation sequences is at most five points below the paper's accuracy on new ones, and every program agrees with its network.",
    })),
    {
      id: "length",
      statement:
        "Programs solve short sequences as well as a standard transformer of their size does, and fall behind it as sequences grow.",
      figure:
        "section 4.1: accuracy falls with length and vocabulary for programs, and hardly for standard transformers",
      direction:
        "The standard transformer's lead at the longest length exceeds its lead at the shortest.",
    },
    {
      id: "text",
      statement: "A program tags text almost as well as a standard transformer.",
      figure:
        "CoNLL-2003 named entities: F1 of programs close to a standard transformer's (section 4.2)",
      direction:
        "On word classes of the Brown corpus a program is above the commonest class of each word, and within five points of a standard transformer.",
    },
  ],
};
