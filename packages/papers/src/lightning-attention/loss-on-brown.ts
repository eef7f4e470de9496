import { brownCorpus } from "@quire/data/files";
import { Llama } from "@quire/nn";
import type { Budget, Experiment, ExperimentContext, ExperimentResult } from "../paper.ts";
import { exceeds, meanOf } from "../statistics.ts";
import { type ComparedLanguageModel, compareLanguageModels } from "../tasks/language-comparison.ts";
import { type LanguageData, languageData } from "../tasks/language-data.ts";
import type { LanguageRecipe } from "../tasks/language-target.ts";
import { build, type TransNormerOptions } from "./model.ts";
import { paper } from "./paper.ts";

/** Every so many texts of the corpus, of all its genres. */
const every = { full: 4, quick: 100 } as const satisfies Record<Budget, number>;

const VOCABULARY = 1024;
const CONTEXT = 128;

/// The same width, depth and heads. GLA has five matrices where attention has four, so that the feed-forward network
/// of the transformer is wider by a third of the width.
const size = { width: 96, depth: 2, heads: 4 } as const;
const own: TransNormerOptions = { ...size, feedForward: 256 };
const transformer = { ...size, feedForward: 288 } as const;

/** What is compared, with equal parameters. */
export const systems: readonly ComparedLanguageModel[] = [
  {
    name: "TransNormerLLM",
    figure: "perplexity 4.770 (385M)",
    options: own,
    build: (target) => build(own, target),
  },
  {
    name: "softmax transformer",
    figure: "perplexity 5.160 (385M)",
    options: transformer,
    build: ({ vocabulary }) => new Llama({ ...transformer, vocabulary }),
  },
];

/// Of 0.002, 0.004, 0.008 and 0.016 the rate that is best for the transformer; TransNormerLLM bears higher ones.
const recipe: LanguageRecipe = { ...paper.recipe, epochs: 1, learningRate: 4e-3, warmUp: 0.1 };

/** The loss on the Brown corpus, beside a transformer's of equal size. */
export const lossOnBrown: Experiment<LanguageData> = {
  claims: ["loss"],
  seeds: [1, 2, 3],
  load: async (budget) => {
    const corpus = await brownCorpus();
    const documents = corpus.documents.filter((_, place) => place % every[budget] === 0);
    const options = { vocabulary: VOCABULARY, validation: 0.1, seed: 0 };
    return languageData({ ...corpus, documents }, { ...options, tokenizer: "bpe" });
  },
  measure,
};

async function measure({
  data,
  ...context
}: ExperimentContext<LanguageData>): Promise<ExperimentResult> {
  const { rows, kept } = await compareLanguageModels(
    { paper: paper.id, systems, data, context: CONTEXT, recipe },
    context,
  );
  const losses = rows.map(({ metrics }) => metrics["loss"] ?? []);
  const [own = [], other = []] = losses;
  const [ours = Number.NaN, theirs = Number.NaN] = losses.map(meanOf);
  return {
    metrics: [
      { name: "loss", as: "number", better: "lower" },
      { name: "perplexity", as: "number", better: "lower" },
      { name: "bitsPerByte", as: "number", better: "lower" },
    ],
    ...{ rows, trained: kept },
    verdicts: [
      {
        claim: "loss",
        holds: exceeds(
          other.map((loss) => 1.02 * loss),
          own,
        ),
        rule: "The loss is below 1.02 times the transformer's by more than two standard errors over the seeds.",
        found: `TransNormerLLM ${ours.toFixed(3)}, the transformer ${theirs.toFixed(3)}: ${(100 * (ours / theirs - 1)).toFixed(1)} % more.`,
      },
    ],
  };
}
