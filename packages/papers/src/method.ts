import type { GraphTransform } from "@quire/tensor";

/**
 * What `method.ts` of a paper whose task is `method` exports as `method`: how a model that the paper changed is opened
 * again. A method that changes values alone, as pruning does, leaves `transform` out.
 */
export interface Method<Options = object> {
  /** The change of what the model's functions compute, which is made whenever one of them is compiled or written. */
  readonly transform?: (options: Options) => GraphTransform;
}

/** A change that a method made to a trained model, as a run's `config.json` records it. */
export interface Derivation {
  /** The method's paper. */
  readonly method: string;
  /** What was changed: a run's folder. */
  readonly from: string;
  readonly options: object;
}
