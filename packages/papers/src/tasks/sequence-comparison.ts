import { countParameters } from "@quire/nn";
import type { Contestant } from "../turn.ts";
import type { EncodedSequences, SequenceData } from "./sequence-data.ts";
import { type SequenceEvaluation, SequenceLabeller } from "./sequence-system.ts";
import type { SequenceNetwork, SequenceRecipe, SequenceTarget } from "./sequence-target.ts";
import { describeSequenceModel, trainSequenceLabeller } from "./sequence-training.ts";

/** A labeller of sequences that takes part in a comparison. */
export interface ComparedLabeller {
  readonly name: string;
  /** The paper's own figure for it, where it has one. */
  readonly figure?: string;
  /** What its description says it was made of. */
  readonly options: object;
  readonly build: (target: SequenceTarget) => SequenceNetwork;
  /** How it is trained where it needs another way than the others; the epochs are the same. */
  readonly recipe?: Partial<Omit<SequenceRecipe, "epochs">>;
  /** Measures more of the trained labeller. */
  readonly measure?: (
    system: SequenceLabeller,
    evaluation: SequenceEvaluation,
  ) => Promise<Readonly<Record<string, number>>>;
}

/** What labellers are compared on; all have the same data and the same epochs. */
export interface SequenceComparison {
  /** The paper's id. */
  readonly paper: string;
  readonly systems: readonly ComparedLabeller[];
  readonly data: SequenceData;
  /** Measured once, at the end. */
  readonly test: EncodedSequences;
  readonly recipe: SequenceRecipe;
}

/** Labellers that are trained, and whose `accuracy`, `wholeAccuracy` and `loss` are measured on the same test sequences. */
export function labellerContestants({
  paper,
  systems,
  data,
  test,
  recipe,
}: SequenceComparison): Contestant<SequenceLabeller>[] {
  return systems.map(
    ({ name, figure, options, build, measure, ...own }): Contestant<SequenceLabeller> => ({
      name,
      ...(figure !== undefined && { figure }),
      run: async (seed, { signal, onProgress }) => {
        const description = describeSequenceModel({ paper, options, data });
        const model = build(description.target);
        const system = new SequenceLabeller(model, description);
        const { points, seconds } = await trainSequenceLabeller(system, {
          ...{ data, recipe: { ...recipe, ...own.recipe }, seed },
          ...(signal && { signal }),
          onBatch: ({ share, loss }) => onProgress(share, loss),
        });
        signal?.throwIfAborted();
        const evaluation = await system.evaluate(test);
        const { accuracy, wholeAccuracy, loss } = evaluation;
        const more = (await measure?.(system, evaluation)) ?? {};
        return {
          parameters: countParameters(model),
          ...{ metrics: { accuracy, wholeAccuracy, loss, ...more }, seconds },
          ...{ curve: { seed, points }, kept: system },
          release: () => system.release(),
        };
      },
    }),
  );
}
