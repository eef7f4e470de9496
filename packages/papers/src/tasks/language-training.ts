import { initialize } from "@quire/nn";
import { crossEntropy } from "@quire/train";
import { type Followed, type FollowOptions, followPlan } from "../follow-plan.ts";
import type { Preset } from "../paper.ts";
import type { TrainingExtras } from "../recipe.ts";
import { evenBatches, planTraining, type TrainingPlan } from "../training-plan.ts";
import type { LanguageData } from "./language-data.ts";
import type { LanguageModelSystem } from "./language-model.ts";
import type {
  LanguageModelDescription,
  LanguageObjective,
  LanguageRecipe,
  LanguageTarget,
} from "./language-target.ts";
import { contextFor, type LanguageBatch, windowBatches, windowCount } from "./language-windows.ts";
import { maskedVocabulary } from "./masked-language-model.ts";
import { maskedContextFor } from "./masked-windows.ts";

/** What a language model is trained with. */
export interface LanguageTrainingOptions {
  readonly data: LanguageData;
  readonly recipe: LanguageRecipe;
  readonly extras?: TrainingExtras;
  readonly seed: number;
}

/** What evaluations of language models measure. */
export const languageMetrics = [
  { name: "validationLoss", as: "number", better: "lower" },
  { name: "perplexity", as: "number", better: "lower" },
  { name: "bitsPerByte", as: "number", better: "lower" },
] as const;

/** Describes the language model that data ask for. */
export function describeLanguageModel(given: {
  readonly paper: string;
  readonly preset?: string;
  readonly options: object;
  readonly data: LanguageData;
  /** The tokens of a window; fewer where the text is short. */
  readonly context: number;
  /** What it learns to say: what comes next unless said. */
  readonly objective?: LanguageObjective;
}): LanguageModelDescription {
  const { data, context, objective = "next", ...rest } = given;
  const { tokenizer, train, validation } = data;
  const streams = [train, validation];
  const target: LanguageTarget =
    objective === "masked"
      ? {
          vocabulary: maskedVocabulary(tokenizer),
          context: maskedContextFor(streams, context),
          objective,
        }
      : { vocabulary: tokenizer.size, context: contextFor(streams, context) };
  return { task: "language-modelling", ...rest, target };
}

/** The name of the preset that a paper takes for a text: the first. */
export function languagePresetFor(presets: Readonly<Record<string, Preset>>): string {
  return Object.keys(presets)[0] ?? "";
}

/** Tokens that a training on a user's own text sees in all, unless the text or the paper's recipe is shorter. */
const SEEN = 10_000_000;

/** A paper's recipe cut to a text: as many epochs as show the model about ten million tokens, one to the paper's. */
export function languageRecipeFor(recipe: LanguageRecipe, { train }: LanguageData): LanguageRecipe {
  const wanted = Math.round(SEEN / train.tokens.length);
  return { ...recipe, epochs: Math.max(1, Math.min(recipe.epochs, wanted)) };
}

/** Plans the training of a language model from the beginning: each token of a window foretells the next one. */
export function planLanguageTraining(
  system: LanguageModelSystem,
  { data, recipe, extras = {}, seed }: LanguageTrainingOptions,
): TrainingPlan<LanguageBatch> {
  const { model, description } = system;
  const { context } = description.target;
  const cut = evenBatches(windowCount(data.train, context), recipe.batchSize);
  initialize(model, seed);
  return planTraining<LanguageBatch>({
    ...{ model, recipe, extras, seed },
    loss: ({ ids, next }, mode) =>
      model.loss?.(ids, next, mode) ?? crossEntropy(model.forward(ids, mode), next),
    data: {
      batchesPerEpoch: cut.count,
      batches: (epoch, start) =>
        windowBatches(data.train, { batchSize: cut.size, context, seed, epoch, start }),
    },
    evaluation: {
      metrics: languageMetrics,
      evaluate: async () => {
        const { loss, perplexity, bitsPerByte } = await system.evaluate(data.validation);
        return { validationLoss: loss, perplexity, bitsPerByte };
      },
    },
  });
}

/**
 * Trains a language model from the beginning.
 *
 * @throws DivergenceError when the loss is no longer a number.
 */
export function trainLanguageModel(
  system: LanguageModelSystem,
  { signal, onBatch, onEpoch, ...options }: LanguageTrainingOptions & FollowOptions,
): Promise<Followed> {
  return followPlan(planLanguageTraining(system, options), {
    ...(signal && { signal }),
    ...(onBatch && { onBatch }),
    ...(onEpoch && { onEpoch }),
  });
}
