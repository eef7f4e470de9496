import { join } from "node:path";
import type { Tokenizer } from "@quire/data";
import { readTextCorpus, readTokenizer } from "@quire/data/files";
import type { Module } from "@quire/nn";
import {
  describeLanguageModel,
  isMasked,
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
  MaskedLanguageSystem,
  maskedBatchAt,
  planLanguageTraining,
  planMaskedTraining,
  type TrainingPlan,
} from "@quire/papers";
import { type CompileOptions, hostTensor } from "@quire/tensor";
import { UsageError } from "../errors.ts";
import { count } from "../numbers.ts";
import { choice, number, whole, withDefault } from "../option.ts";
import { languageSections } from "../report/language-sections.ts";
import { fingerprintOf } from "./fingerprint.ts";
import {
  evaluateTexts,
  languageEvaluation,
  predictTexts,
  type TextSystem,
} from "./language-use.ts";
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
  objective: choice(
    "What is learnt: the next token, or those that gaps hide; as the preset has it unless said",
    ["next", "masked"],
  ),
  validation: withDefault(
    number("Share of the text that is kept apart to measure", { above: 0, to: 0.9 }),
    0.1,
  ),
};

/** Text in, how likely it is and how it goes on out. */
export const languageModelling = task<
  typeof options,
  LanguageData,
  TextSystem,
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
    "quire train megatron-lm --preset bert-small --data notes",
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
    const { recipe, extras, seed, options: given } = making;
    const made = paper.presets[preset]?.target as LanguageTarget | undefined;
    const context = given.context ?? made?.context ?? CONTEXT;
    const objective = given.objective ?? made?.objective ?? "next";
    const what = { paper: paper.id, preset, options: settings };
    const description = describeLanguageModel({ ...what, data, context, objective });
    const system = systemOf(build(settings, description.target), description, data.tokenizer);
    const { train, validation, tokenizer } = data;
    const [learnt, measured] = [train.tokens.length, validation.tokens.length];
    return {
      ...{ system, plan: planFor(system, { data, recipe, extras, seed }) },
      ...(objective === "next" && { next: (run) => `generate ${run} --prompt "TEXT"` }),
      facts: [
        ["tokens", `${count(learnt)} to train, ${count(measured)} to measure`],
        ["of", `${count(tokenizer.size)} kinds, read ${description.target.context} at a time`],
      ],
    };
  },
  open: async ({ description, build, folder, compile = {} }) => {
    const { options: settings, target } = description;
    const tokenizer = await readTokenizer(join(folder, "tokenizer.json"));
    const own = description as LanguageModelDescription;
    return systemOf(build(settings, target), own, tokenizer, compile);
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

/** @throws UsageError when the paper's models do not learn what is asked for. */
function systemOf(
  model: Module,
  description: LanguageModelDescription,
  tokenizer: Tokenizer,
  compile: CompileOptions = {},
): TextSystem {
  const { objective = "next" } = description.target;
  if (isMasked(model) !== (objective === "masked")) {
    const own = isMasked(model)
      ? "fills gaps and foretells nothing; leave the option out"
      : "reads from left to right and fills no gaps; take a BERT, such as megatron-lm --preset bert-small";
    throw new UsageError(`--objective ${objective}: ${description.paper} ${own}.`);
  }
  return isMasked(model)
    ? new MaskedLanguageSystem(model, description, tokenizer, compile)
    : new LanguageModelSystem(model as LanguageNetwork, description, tokenizer, compile);
}

/** A plan's batches are its system's own; nobody else looks into them. */
function planFor(
  system: TextSystem,
  given: Parameters<typeof planLanguageTraining>[1],
): TrainingPlan<LanguageBatch> {
  return system instanceof LanguageModelSystem
    ? planLanguageTraining(system, given)
    : (planMaskedTraining(system, given) as unknown as TrainingPlan<LanguageBatch>);
}

function* languageInputs(system: TextSystem, { train }: LanguageData) {
  const { context } = system.description.target;
  const step = Math.max(context, Math.floor(train.tokens.length / EXAMPLES));
  for (let at = 0; at + context <= train.tokens.length; at += step) {
    if (system instanceof LanguageModelSystem) {
      yield [hostTensor(train.tokens.slice(at, at + context), [1, context], "int32")];
    } else {
      const batch = maskedBatchAt(train.tokens, [at], { ...system.windows, seed: 0 });
      yield [batch.ids, batch.sentences];
    }
  }
}
