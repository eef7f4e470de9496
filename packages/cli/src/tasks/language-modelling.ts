import { join } from "node:path";
import { readTextCorpus, readTokenizer } from "@quire/data/files";
import {
  describeLanguageModel,
  type LanguageBatch,
  type LanguageData,
  type LanguageModelDescription,
  LanguageModelSystem,
  type LanguageNetwork,
  type LanguageRecipe,
  type LanguageTarget,
  languageData,
  languagePresetFor,
  languageRecipeFor,
  planLanguageTraining,
} from "@quire/papers";
import { hostTensor } from "@quire/tensor";
import { count } from "../numbers.ts";
import { choice, number, whole, withDefault } from "../option.ts";
import { languageSections } from "../report/language-sections.ts";
import { fingerprintOf } from "./fingerprint.ts";
import { evaluateTexts, languageEvaluation, predictTexts } from "./language-use.ts";
import { task } from "./task.ts";

const options = {
  tokenizer: withDefault(
    choice("How the text is cut into tokens; bpe and unigram are trained on it", [
      "bpe",
      "unigram",
      "byte",
      "character",
    ]),
    "bpe",
  ),
  vocabulary: withDefault(
    whole("The most tokens of a tokenizer that is trained", { from: 257, to: 1_000_000 }),
    4096,
  ),
  context: whole("Tokens that are read at a time in training; the preset's unless said", {
    from: 2,
    to: 1_000_000,
  }),
  validation: withDefault(
    number("Share of the text that is kept apart to measure", { above: 0, to: 0.9 }),
    0.1,
  ),
};

/** Text in, how likely it is and how it goes on out. */
export const languageModelling = task<
  typeof options,
  LanguageData,
  LanguageModelSystem,
  LanguageBatch,
  Record<never, never>
>({
  name: "language-modelling",
  title: "language modelling",
  data: { value: "TEXT|FOLDER", summary: "A text file, or a folder of .txt and .md files" },
  options,
  recipe: {},
  examples: [
    "quire train lightning-attention --data book.txt",
    "quire train lightning-attention --data notes --tokenizer character --context 512",
  ],
  read: async (path, given, { seed, console, start }) => {
    const corpus = await readTextCorpus(path);
    console.note(`Read ${corpus.describe()}; making tokens of it.`);
    // Weights know their own tokens alone.
    const own = start && (await readTokenizer(join(start.folder, "tokenizer.json")));
    return languageData(corpus, { ...given, ...(own && { tokenizer: own }), seed });
  },
  fingerprint: ({ tokenizer, train, validation }) =>
    fingerprintOf(JSON.stringify(tokenizer.toJson()), train.tokens, validation.tokens),
  presetFor: ({ presets }) => languagePresetFor(presets),
  recipeFor: ({ recipe }, data) => languageRecipeFor(recipe as LanguageRecipe, data),
  begin: ({ paper, build, preset, settings, data, ...making }) => {
    const { recipe, extras, seed } = making;
    const made = paper.presets[preset]?.target as LanguageTarget | undefined;
    const context = making.options.context ?? made?.context ?? CONTEXT;
    const what = { paper: paper.id, preset, options: settings };
    const description = describeLanguageModel({ ...what, data, context });
    const model = build(settings, description.target) as LanguageNetwork;
    const system = new LanguageModelSystem(model, description, data.tokenizer);
    const { train, validation, tokenizer } = data;
    const [learnt, measured] = [train.tokens.length, validation.tokens.length];
    return {
      ...{ system, plan: planLanguageTraining(system, { data, recipe, extras, seed }) },
      facts: [
        ["tokens", `${count(learnt)} to train, ${count(measured)} to measure`],
        ["of", `${count(tokenizer.size)} kinds, read ${description.target.context} at a time`],
      ],
    };
  },
  open: async ({ description, build, folder, compile = {} }) => {
    const { options: settings, target } = description;
    const tokenizer = await readTokenizer(join(folder, "tokenizer.json"));
    const model = build(settings, target) as LanguageNetwork;
    return new LanguageModelSystem(
      model,
      description as LanguageModelDescription,
      tokenizer,
      compile,
    );
  },
  measure: (system, { validation }, seed) => languageEvaluation(system, validation, seed),
  inputs: languageInputs,
  report: (system, { validation }) => languageSections(system, validation),
  predict: predictTexts,
  evaluate: evaluateTexts,
});

/** Tokens of a window where neither the user nor the preset says. */
const CONTEXT = 256;
/** So many windows show between which values a model's inputs stand. */
const EXAMPLES = 100;

function* languageInputs({ description }: LanguageModelSystem, { train }: LanguageData) {
  const { context } = description.target;
  const step = Math.max(context, Math.floor(train.tokens.length / EXAMPLES));
  for (let at = 0; at + context <= train.tokens.length; at += step) {
    yield [hostTensor(train.tokens.slice(at, at + context), [1, context], "int32")];
  }
}
