import { countParameters } from "@quire/nn";
import { type Comparison, type ComparisonContext, compare } from "../comparison.ts";
import type { Contestant } from "../turn.ts";
import type { LanguageData } from "./language-data.ts";
import { LanguageModelSystem } from "./language-model.ts";
import type { LanguageNetwork, LanguageRecipe, LanguageTarget } from "./language-target.ts";
import { describeLanguageModel, trainLanguageModel } from "./language-training.ts";

/** A language model that takes part in a comparison. */
export interface ComparedLanguageModel {
  readonly name: string;
  /** The paper's own figure for it, where it has one. */
  readonly figure?: string;
  /** What its description says it was made of. */
  readonly options: object;
  readonly build: (target: LanguageTarget) => LanguageNetwork;
}

/** What language models are compared on; all have the same tokens and the same budget. */
export interface LanguageComparison {
  /** The paper's id. */
  readonly paper: string;
  readonly systems: readonly ComparedLanguageModel[];
  readonly data: LanguageData;
  readonly context: number;
  readonly recipe: LanguageRecipe;
}

/**
 * Trains every model with every seed, and measures `loss`, `perplexity` and `bitsPerByte` on the part kept apart.
 *
 * @throws the signal's reason when it ends the comparison early.
 */
export function compareLanguageModels(
  { paper, systems, data, context, recipe }: LanguageComparison,
  experiment: ComparisonContext,
): Promise<Comparison<LanguageModelSystem>> {
  const contestants = systems.map(
    ({ name, figure, options, build }): Contestant<LanguageModelSystem> => ({
      name,
      ...(figure !== undefined && { figure }),
      run: async (seed, { signal, onProgress }) => {
        const description = describeLanguageModel({ paper, options, data, context });
        const model = build(description.target);
        const system = new LanguageModelSystem(model, description, data.tokenizer);
        const { points, seconds } = await trainLanguageModel(system, {
          ...{ data, recipe, seed },
          ...(signal && { signal }),
          onBatch: ({ share, loss }) => onProgress(share, loss),
        });
        signal?.throwIfAborted();
        const { loss, perplexity, bitsPerByte } = await system.evaluate(data.validation);
        return {
          parameters: countParameters(model),
          ...{ metrics: { loss, perplexity, bitsPerByte }, seconds, curve: { seed, points } },
          kept: system,
          release: () => system.release(),
        };
      },
    }),
  );
  return compare(contestants, experiment);
}
