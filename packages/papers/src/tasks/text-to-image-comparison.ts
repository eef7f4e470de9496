import { countParameters } from "@quire/nn";
import { type Comparison, type ComparisonContext, compare } from "../comparison.ts";
import type { Contestant } from "../turn.ts";
import type { TextToImageData } from "./text-to-image-data.ts";
import { TextToImageSystem } from "./text-to-image-system.ts";
import type {
  TextToImageNetwork,
  TextToImageRecipe,
  TextToImageTarget,
} from "./text-to-image-target.ts";
import { describeTextToImage, trainTextToImage } from "./text-to-image-training.ts";

/** A system that draws and takes part in a comparison. */
export interface ComparedDrawer {
  readonly name: string;
  /** The paper's own figure for it, where it has one. */
  readonly figure?: string;
  /** What its description says it was made of. */
  readonly options: object;
  readonly build: (target: TextToImageTarget) => TextToImageNetwork;
  /** How it is trained where it needs other stages than the others. */
  readonly recipe?: Partial<TextToImageRecipe>;
}

/** What systems that draw are compared on; all have the same pictures and the same budget. */
export interface TextToImageComparison {
  /** The paper's id. */
  readonly paper: string;
  readonly systems: readonly ComparedDrawer[];
  readonly data: TextToImageData;
  readonly recipe: TextToImageRecipe;
  /** Measures more of a trained system. */
  readonly measure?: (
    system: TextToImageSystem,
    seed: number,
  ) => Promise<Readonly<Record<string, number>>>;
}

/**
 * Trains every system with every seed, and measures `loss` on the pictures kept apart.
 *
 * @throws the signal's reason when it ends the comparison early.
 */
export function compareTextToImage(
  { paper, systems, data, recipe, measure }: TextToImageComparison,
  experiment: ComparisonContext,
): Promise<Comparison<TextToImageSystem>> {
  const contestants = systems.map(
    ({ name, figure, options, build, recipe: own }): Contestant<TextToImageSystem> => ({
      name,
      ...(figure !== undefined && { figure }),
      run: async (seed, { signal, onProgress }) => {
        const description = describeTextToImage({ paper, options, data });
        const model = build(description.target);
        const parameters = countParameters(model);
        const system = new TextToImageSystem(model, description, data.tokenizer);
        const { points, seconds, plan } = await trainTextToImage(system, {
          ...{ data, recipe: { ...recipe, ...own }, seed },
          ...(signal && { signal }),
          onBatch: ({ share, loss }) => onProgress(share, loss),
        });
        signal?.throwIfAborted();
        if (plan.average) await plan.average.swap();
        const { loss } = await system.evaluate(data.validation);
        const more = (await measure?.(system, seed)) ?? {};
        return {
          ...{ parameters, metrics: { loss, ...more }, seconds, curve: { seed, points } },
          kept: system,
          release: () => system.release(),
        };
      },
    }),
  );
  return compare(contestants, experiment);
}
